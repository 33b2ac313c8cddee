-- Every type once, with named and unnamed keys; and a table that another refers to.
CREATE TABLE things (
  id BLOB PRIMARY KEY NOT NULL,
  name TEXT,
  n INTEGER CONSTRAINT ck_things_n CHECK (n <> 13),
  at INTEGER,
  ok INTEGER,
  doc TEXT,
  raw BLOB,
  d REAL
) STRICT;
CREATE UNIQUE INDEX ux_things_name ON things (name);
CREATE TABLE pairs (
  a TEXT NOT NULL,
  b TEXT NOT NULL,
  thing BLOB REFERENCES things (id),
  UNIQUE (a, b)
) STRICT;
