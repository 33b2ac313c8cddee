/*
 * Between a time as the address and the API write it and what a date field of the browser shows:
 * the viewer's own clock. Pure but for the zone. What is no time is nothing.
 */
const two = (n: number): string => String(n).padStart(2, "0");

export function toLocalInput(iso: string): string {
	const at = new Date(iso);
	if (Number.isNaN(at.getTime())) return "";
	return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function fromLocalInput(text: string): string {
	const at = new Date(text);
	return text === "" || Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
