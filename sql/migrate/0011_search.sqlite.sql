-- What a person is found by: name and user name without case and marks (core/search.h), written with the lead. Leads that are
-- there get it for the letters of Portuguese and its neighbours; the next change of a lead makes it exact.
ALTER TABLE leads ADD COLUMN search_name text;
UPDATE leads SET search_name =
  lower(CASE WHEN push_name IS NULL THEN username ELSE push_name || coalesce(char(10) || username, '') END);
UPDATE leads SET search_name =
  replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_name
  , 'á', 'a'), 'à', 'a'), 'â', 'a'), 'ã', 'a'), 'ä', 'a'), 'å', 'a'), 'Á', 'a'), 'À', 'a'), 'Â', 'a'), 'Ã', 'a'), 'Ä', 'a'), 'Å', 'a');
UPDATE leads SET search_name =
  replace(replace(replace(replace(replace(replace(replace(replace(search_name
  , 'é', 'e'), 'è', 'e'), 'ê', 'e'), 'ë', 'e'), 'É', 'e'), 'È', 'e'), 'Ê', 'e'), 'Ë', 'e');
UPDATE leads SET search_name =
  replace(replace(replace(replace(replace(replace(replace(replace(search_name
  , 'í', 'i'), 'ì', 'i'), 'î', 'i'), 'ï', 'i'), 'Í', 'i'), 'Ì', 'i'), 'Î', 'i'), 'Ï', 'i');
UPDATE leads SET search_name =
  replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(search_name
  , 'ó', 'o'), 'ò', 'o'), 'ô', 'o'), 'õ', 'o'), 'ö', 'o'), 'Ó', 'o'), 'Ò', 'o'), 'Ô', 'o'), 'Õ', 'o'), 'Ö', 'o');
UPDATE leads SET search_name =
  replace(replace(replace(replace(replace(replace(replace(replace(search_name
  , 'ú', 'u'), 'ù', 'u'), 'û', 'u'), 'ü', 'u'), 'Ú', 'u'), 'Ù', 'u'), 'Û', 'u'), 'Ü', 'u');
UPDATE leads SET search_name = replace(replace(search_name, 'ç', 'c'), 'Ç', 'c');
UPDATE leads SET search_name = replace(replace(search_name, 'ñ', 'n'), 'Ñ', 'n');
