/*
 * How times, numbers, sizes and telephone numbers are written. Pure: what "now" is comes in. What
 * always holds: a time is shown in the viewer's zone; what is not known is a dash, never a zero.
 */
export type Language = "pt-BR" | "en";

export const DASH = "–";

const cache = new Map<string, Intl.DateTimeFormat>();

function dateFormat(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = language + JSON.stringify(options);
	let format = cache.get(key);

	if (format === undefined) {
		format = new Intl.DateTimeFormat(language, options);
		cache.set(key, format);
	}
	return format;
}

export function dayKey(at: Date): string {
	const two = (n: number): string => String(n).padStart(2, "0");
	return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function daysBetween(at: Date, now: Date): number {
	const a = Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
	const b = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
	return Math.round((b - a) / 86_400_000);
}

export function clockTime(language: Language, at: Date, seconds = false): string {
	return dateFormat(language, {
		hour: "2-digit",
		minute: "2-digit",
		...(seconds ? { second: "2-digit" } : {}),
		hour12: false,
	}).format(at);
}

export function exactTime(language: Language, at: Date): string {
	return dateFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(at);
}

/** A day as a separator says it: today, yesterday, or the date. */
export function dayName(language: Language, at: Date, now: Date): string {
	const days = daysBetween(at, now);

	if (days === 0 || days === 1)
		return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
	return dateFormat(language, { day: "numeric", month: "short", year: "numeric" }).format(at);
}

/** A time as a list says it: the hour today, "yesterday", the week day, the date. */
export function listTime(language: Language, at: Date, now: Date): string {
	const days = daysBetween(at, now);

	if (days === 0) return clockTime(language, at);
	if (days === 1) return dayName(language, at, now);
	if (days > 1 && days < 7) return dateFormat(language, { weekday: "short" }).format(at);
	if (at.getFullYear() === now.getFullYear())
		return dateFormat(language, { day: "numeric", month: "short" }).format(at);
	return dateFormat(language, { day: "2-digit", month: "2-digit", year: "numeric" }).format(at);
}

/** How long ago or how far ahead, in one unit. */
export function relativeTime(language: Language, at: Date, now: Date): string {
	const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
	const size = Math.abs(seconds);
	const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

	if (size < 45) return format.format(0, "second");
	if (size < 3600) return format.format(Math.trunc(seconds / 60) || Math.sign(seconds), "minute");
	if (size < 86_400) return format.format(Math.trunc(seconds / 3600), "hour");
	if (size < 86_400 * 45) return format.format(Math.trunc(seconds / 86_400), "day");
	return dateFormat(language, { dateStyle: "medium" }).format(at);
}

/** A stretch of time in at most two units: 41 s, 12 min, 1 h 05, 2 d 3 h. */
export function duration(seconds: number): string {
	const s = Math.max(0, Math.round(seconds));

	if (s < 60) return `${s} s`;
	if (s < 3600)
		return s % 60 === 0 || s >= 600
			? `${Math.floor(s / 60)} min`
			: `${Math.floor(s / 60)} min ${s % 60} s`;
	if (s < 86_400)
		return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
	return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export function number(language: Language, n: number | null | undefined, digits = 0): string {
	if (n === null || n === undefined) return DASH;
	return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(n);
}

export function percent(language: Language, share: number | null | undefined): string {
	if (share === null || share === undefined) return DASH;
	return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** Model calls cost fractions of a cent: small sums get more digits. */
export function usd(language: Language, n: number | null | undefined): string {
	if (n === null || n === undefined) return DASH;
	return new Intl.NumberFormat(language, {
		style: "currency",
		currency: "USD",
		minimumFractionDigits: 2,
		maximumFractionDigits: n !== 0 && Math.abs(n) < 0.1 ? 4 : 2,
	}).format(n);
}

export function bytes(language: Language, n: number | null | undefined): string {
	if (n === null || n === undefined) return DASH;
	if (n < 1024) return `${n} B`;
	if (n < 1024 * 1024) return `${number(language, n / 1024, 1)} KB`;
	return `${number(language, n / 1024 / 1024, 1)} MB`;
}

/** A number as people write it. Brazilian ones are grouped; of others nothing is guessed. */
export function phone(text: string | null | undefined): string {
	if (text === null || text === undefined || text === "") return DASH;
	const br = /^\+?55(\d{2})(\d{4,5})(\d{4})$/.exec(text);

	if (br !== null) return `+55 ${br[1] ?? ""} ${br[2] ?? ""}-${br[3] ?? ""}`;
	return text.startsWith("+") || !/^\d+$/.test(text) ? text : `+${text}`;
}
