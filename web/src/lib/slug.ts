/* The short name of a client as its address has it. Pure. */
const MOST = 64;

/** A slug that the name suggests; empty where it has no letter or digit that may stand in one. */
export function slugFrom(name: string): string {
	return name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-")
		.slice(0, MOST).replace(/^-+|-+$/g, "");
}

export function isSlug(text: string): boolean {
	return /^[a-z0-9-]{1,64}$/.test(text);
}
