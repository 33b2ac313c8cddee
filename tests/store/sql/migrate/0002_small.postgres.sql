CREATE TABLE numbers (i2 smallint, i4 integer, i8 bigint, f4 real, v varchar(10), c char(4));
INSERT INTO numbers VALUES (-32768, -2147483648, -9223372036854775808, 0.5, 'var', 'char');
