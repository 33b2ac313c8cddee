/* The filters of the journal as the API takes them, from what stands in the address. Pure. */
export const STATUSES = ["received", "applied", "applied_with_problems", "parked", "retrying", "failed", "ignored"] as const;
export const FIELDS = ["messages", "history", "smb_message_echoes", "smb_app_state_sync", "account_update", "other"] as const;

export interface JournalFilters {
	status: string | undefined;
	field: string | undefined;
	from: string | undefined;
	to: string | undefined;
}

/** A local date and time, as its field writes it, to UTC; what is no time is left out. */
export function timeOf(local: string | null): string | undefined {
	if (local === null || local === "") return undefined;
	const at = new Date(local);
	return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export function journalFilters(words: URLSearchParams): JournalFilters {
	const one = (name: string, of: readonly string[]): string | undefined => {
		const value = words.get(name);
		return value !== null && of.includes(value) ? value : undefined;
	};
	return {
		status: one("estado", STATUSES),
		field: one("campo", FIELDS),
		from: timeOf(words.get("de")),
		to: timeOf(words.get("ate")),
	};
}

/** Only what is set, for a body that knows no null. */
export function replayBody(f: JournalFilters): Record<string, string> {
	return Object.fromEntries(Object.entries(f).filter((e): e is [string, string] => typeof e[1] === "string"));
}
