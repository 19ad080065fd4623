// pgx v5 (Grafana's driver) and lib/pq ask billql as they ask a PostgreSQL.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/lib/pq"
)

func check(ok bool, what string, values ...any) {
	if !ok {
		panic(fmt.Sprint(what, ": ", fmt.Sprintln(values...)))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func withPgx(url string) {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, url)
	must(err)
	defer connection.Close(ctx)
	var id int64
	var amount float64
	var created, day time.Time
	var paid bool
	must(connection.QueryRow(ctx, "SELECT id, amount::float8, created, day, paid FROM charges WHERE id = $1", 1).
		Scan(&id, &amount, &created, &day, &paid))
	check(id == 1 && amount == 12.5 && paid, "values", id, amount, paid)
	check(created.Equal(time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)), "created", created)
	rows, err := connection.Query(ctx, "SELECT id FROM charges WHERE customer = ANY($1) AND created BETWEEN $2 AND $3 ORDER BY id",
		[]string{"Ada", "Bob"}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	must(err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	must(err)
	check(len(ids) == 3, "ids", ids)
	var count int64
	must(connection.QueryRow(ctx, `SELECT count(*) FROM "digitalocean_billing"."invoices"`).Scan(&count))
	check(count > 2, "invoices", count)
	_, err = connection.Exec(ctx, "SELECT amuont FROM charges")
	var refused *pgconn.PgError
	check(errors.As(err, &refused) && refused.Code == "42703", "error", err)
	batch := &pgx.Batch{}
	batch.Queue("SELECT 1")
	batch.Queue("SELECT $1::int + 1", 1)
	must(connection.SendBatch(ctx, batch).Close())
}

func withPq(url string) {
	database, err := sql.Open("postgres", url)
	must(err)
	defer database.Close()
	must(database.Ping())
	var note sql.NullString
	must(database.QueryRow("SELECT note FROM charges WHERE amount > $1 AND id = $2", 7, 2).Scan(&note))
	check(!note.Valid, "note", note)
	var total string
	must(database.QueryRow("SELECT sum(amount) FROM charges").Scan(&total))
	check(total == "1000117.05", "total", total)
}

func main() {
	url := fmt.Sprintf("postgres://billql@127.0.0.1:%s/billql?sslmode=disable", os.Args[1])
	withPgx(url)
	withPq(url)
}
