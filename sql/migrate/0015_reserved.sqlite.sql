-- Nothing: the number belongs to a migration that comes from elsewhere.
SELECT 1;
