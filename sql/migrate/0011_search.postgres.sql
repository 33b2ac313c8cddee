-- What a person is found by: name and user name without case and marks (core/search.h), written with the lead. Leads that are
-- there get it for the letters of Portuguese and its neighbours; the next change of a lead makes it exact.
ALTER TABLE leads ADD COLUMN search_name text;
UPDATE leads SET search_name = translate(lower(concat_ws(chr(10), push_name, username)), 'áàâãäåéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ', 'aaaaaaeeeeiiiiooooouuuucnaaaaaaeeeeiiiiooooouuuucn')
WHERE push_name IS NOT NULL OR username IS NOT NULL;
