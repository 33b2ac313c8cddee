/* The stretch of days that figures are of, and the periods they are told by. Pure. */
import type { Language } from "./format";

const MOST_DAYS = 366;
const DAY_MS = 86_400_000;

export type PeriodFault = "order" | "long" | "date";

/** Why the server would not answer for these days; null if it would. */
export function periodFault(from: string, to: string): PeriodFault | null {
	const a = Date.parse(`${from}T00:00:00Z`);
	const b = Date.parse(`${to}T00:00:00Z`);

	if (Number.isNaN(a) || Number.isNaN(b)) return "date";
	if (a > b) return "order";
	return (b - a) / DAY_MS + 1 > MOST_DAYS ? "long" : null;
}

/** All days (`YYYY-MM-DD`) or months (`YYYY-MM`) from the one to the other; just the two if they are neither. */
export function periodsBetween(first: string, last: string): string[] {
	const all = [first];
	const step = (p: string): string => {
		const [year, month, day] = p.split("-").map(Number);
		const at =
			day === undefined
				? new Date(Date.UTC(year ?? NaN, month ?? NaN))
				: new Date(Date.UTC(year ?? NaN, (month ?? NaN) - 1, day + 1));
		return Number.isNaN(at.getTime()) ? last : at.toISOString().slice(0, p.length);
	};

	while (all.length <= MOST_DAYS && (all.at(-1) ?? last) < last) all.push(step(all.at(-1) ?? last));
	return all;
}

/** The same, as short as it can be below a chart. */
export function shortPeriodText(language: Language, period: string): string {
	const isDay = /^\d{4}-\d{2}-\d{2}$/.test(period);
	const at = new Date(`${isDay ? period : `${period}-01`}T00:00:00Z`);
	if (Number.isNaN(at.getTime())) return period;
	return new Intl.DateTimeFormat(language, {
		timeZone: "UTC",
		month: "short",
		...(isDay ? { day: "numeric" } : { year: "2-digit" }),
	}).format(at);
}

/** A day or month as people write it; what is neither stays as it is. */
export function periodText(language: Language, period: string): string {
	const parts = /^(\d{4})-(\d{2})(?:-(\d{2}))?$/.exec(period);

	if (parts === null) return period;
	const [, year, month, day] = parts;
	/* A day of the client's zone, not a moment: it must not move with the viewer's. */
	const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day ?? 1)));
	return new Intl.DateTimeFormat(language, {
		timeZone: "UTC",
		year: "numeric",
		month: "short",
		...(day === undefined ? {} : { day: "2-digit" }),
	}).format(at);
}
