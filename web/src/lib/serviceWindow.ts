/*
 * Meta lets a business answer freely for 24 hours after the customer's last message; after that
 * only templates. Whether that window is open is decided here, from the ticket's time alone.
 */
export type ServiceWindow =
	{ state: "open"; secondsLeft: number } | { state: "closed"; since: string } | { state: "never" };

export function serviceWindow(expiresAt: string | null | undefined, now: Date): ServiceWindow {
	if (expiresAt === null || expiresAt === undefined) return { state: "never" };
	const left = Math.floor((Date.parse(expiresAt) - now.getTime()) / 1000);
	return left > 0 ? { state: "open", secondsLeft: left } : { state: "closed", since: expiresAt };
}

/** The window that counts for a conversation: the one that stays open longest. */
export function latestWindow(tickets: readonly { serviceWindowExpiresAt: string | null }[]): string | null {
	let latest: string | null = null;
	for (const { serviceWindowExpiresAt: at } of tickets)
		if (at !== null && (latest === null || at > latest)) latest = at;
	return latest;
}
