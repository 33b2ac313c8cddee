/* What a history's state looks like on a card. Pure. */
import type { Connection, HistoryStatus } from "../api/types";

export type HistoryTone = "amber" | "blue" | "green" | "red" | "grey";

const TONES: Record<HistoryStatus, HistoryTone> = {
	not_supported: "grey",
	not_requested: "grey",
	pending_consent: "amber",
	pending_history: "amber",
	syncing: "blue",
	completed: "green",
	declined: "red",
	failed: "red",
};

export function historyTone(status: HistoryStatus): HistoryTone {
	return TONES[status];
}

/** 0 to 100 while and after it comes, null where there is no share to speak of. */
export function historyPercent(
	c: Pick<Connection, "historySyncStatus" | "historySyncProgress">,
): number | null {
	if (c.historySyncStatus === "completed") return 100;
	if (c.historySyncStatus === "syncing") return Math.min(100, Math.max(0, c.historySyncProgress ?? 0));
	return null;
}

/** Seconds still to go if it goes on as until now; null where that says nothing yet. */
export function secondsLeft(percent: number | null, secondsSoFar: number | null | undefined): number | null {
	if (percent === null || percent < 5 || percent >= 100) return null;
	if (secondsSoFar === null || secondsSoFar === undefined || secondsSoFar <= 0) return null;
	return Math.round((secondsSoFar * (100 - percent)) / percent);
}
