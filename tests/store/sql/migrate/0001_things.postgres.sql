-- Every type once, with named and unnamed keys; and a table that another refers to.
CREATE TABLE things (
  id uuid PRIMARY KEY,
  name text,
  n bigint CONSTRAINT ck_things_n CHECK (n <> 13),
  at timestamptz,
  ok boolean,
  doc jsonb,
  raw bytea,
  d double precision
);
CREATE UNIQUE INDEX ux_things_name ON things (name);
CREATE TABLE pairs (
  a text NOT NULL,
  b text NOT NULL,
  thing uuid REFERENCES things (id),
  UNIQUE (a, b)
);
