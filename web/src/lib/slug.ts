/* A key from a name as people write it: no accents, no blanks. Pure. */
export function slugOf(name: string, max = 64): string {
	return name
		.normalize("NFD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.slice(0, max)
		.replace(/^-+|-+$/g, "");
}

/** Whether it may stand as a client's slug. */
export function isSlug(text: string): boolean {
	return /^[a-z0-9-]{1,64}$/.test(text);
}
