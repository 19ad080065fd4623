"""SQLAlchemy's dialect `billql://`, of the extra `billql[sqlalchemy]`.

    engine = sqlalchemy.create_engine("billql://?sandbox=1")
    pandas.read_sql_table("invoices", engine, schema="digitalocean.billing")

url        the arguments of `billql.connect` that a URL names
types      the types of columns: exact amounts, instants in UTC
catalog    what is known of tables of the catalog: names, columns, comments
dialect    SQLAlchemy's SQLite dialect, with all this
"""
