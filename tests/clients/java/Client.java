// pgjdbc (DBeaver's, Metabase's and Tableau's driver) asks billql as it asks a PostgreSQL.
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

class Client {
    static void check(boolean ok, String what) {
        if (!ok) throw new AssertionError(what);
    }

    static List<String> read(ResultSet rows, String column) throws SQLException {
        List<String> found = new ArrayList<>();
        while (rows.next()) found.add(rows.getString(column));
        rows.close();
        return found;
    }

    public static void main(String[] arguments) throws SQLException {
        String url = "jdbc:postgresql://127.0.0.1:" + arguments[0] + "/billql?user=billql";
        try (Connection connection = DriverManager.getConnection(url)) {
            metadata(connection.getMetaData());
            prepared(connection);
            fetched(connection);
            refused(connection);
        }
    }

    static void metadata(DatabaseMetaData about) throws SQLException {
        check(read(about.getSchemas(), "TABLE_SCHEM").contains("stripe_billing"), "getSchemas");
        check(read(about.getCatalogs(), "TABLE_CAT").contains("billql"), "getCatalogs");
        check(read(about.getTables(null, "digitalocean_billing", "%", null), "TABLE_NAME").contains("invoices"), "getTables");
        check(read(about.getTables(null, null, "invoices", new String[] {"TABLE"}), "TABLE_SCHEM").contains("stripe_billing"), "getTables by type");
        List<String> columns = read(about.getColumns(null, "digitalocean_billing", "invoices", "%"), "COLUMN_NAME");
        check(columns.equals(List.of("invoice_uuid", "invoice_id", "invoice_period", "amount", "currency", "connection")), "getColumns " + columns);
        check(read(about.getPrimaryKeys(null, "stripe_billing", "invoices"), "COLUMN_NAME").isEmpty(), "getPrimaryKeys");
        check(read(about.getImportedKeys(null, "stripe_billing", "invoices"), "FK_NAME").isEmpty(), "getImportedKeys");
        check(read(about.getExportedKeys(null, "stripe_billing", "invoices"), "FK_NAME").isEmpty(), "getExportedKeys");
        check(read(about.getIndexInfo(null, "stripe_billing", "invoices", false, true), "INDEX_NAME").isEmpty(), "getIndexInfo");
        check(read(about.getTypeInfo(), "TYPE_NAME").contains("numeric"), "getTypeInfo");
        check(!read(about.getTableTypes(), "TABLE_TYPE").isEmpty(), "getTableTypes");
        read(about.getFunctions(null, null, "up%"), "FUNCTION_NAME");
        read(about.getTablePrivileges(null, "stripe_billing", "invoices"), "PRIVILEGE");
        read(about.getBestRowIdentifier(null, "stripe_billing", "invoices", 0, true), "COLUMN_NAME");
        read(about.getProcedures(null, null, "%"), "PROCEDURE_NAME");
        read(about.getUDTs(null, null, "%", null), "TYPE_NAME");
        check(about.getSQLKeywords() != null, "getSQLKeywords");
        check(about.getDatabaseProductName().equals("PostgreSQL"), "product");
        check(about.getMaxColumnNameLength() == 63, "getMaxColumnNameLength");
    }

    static void prepared(Connection connection) throws SQLException {
        String sql = "SELECT amount, created, day, paid, note FROM charges WHERE id = ? AND created < ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int again = 0; again < 7; again++) {
                statement.setLong(1, 1);
                statement.setTimestamp(2, Timestamp.from(Instant.parse("2026-06-01T00:00:00Z")));
                ResultSet row = statement.executeQuery();
                check(row.next(), "a row");
                check(row.getBigDecimal(1).equals(new BigDecimal("12.5")), "amount");
                check(row.getTimestamp(2).toInstant().equals(Instant.parse("2026-01-05T10:00:00Z")), "created");
                check(row.getDate(3).equals(Date.valueOf("2026-01-05")), "day");
                check(row.getBoolean(4), "paid");
                check(row.getString(5).equals("First"), "note");
            }
        }
    }

    static void fetched(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement statement = connection.prepareStatement("SELECT id FROM charges ORDER BY id")) {
            statement.setFetchSize(3);
            check(read(statement.executeQuery(), "id").size() == 8, "fetchSize");
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    static void refused(Connection connection) throws SQLException {
        try {
            connection.createStatement().executeQuery("SELECT amuont FROM charges");
            check(false, "a column that is not there");
        } catch (SQLException error) {
            check("42703".equals(error.getSQLState()), error.getSQLState());
        }
    }
}
