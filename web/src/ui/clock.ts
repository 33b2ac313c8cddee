/*
 * "Now" for everything that says how long ago something was: one timer for the whole page, once
 * every twenty seconds, so that a long list does not start a thousand of them.
 */
import { useSyncExternalStore } from "react";

const TICK_MS = 20_000;
let now = Date.now();
let timer: number | null = null;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
	if (timer === null) now = Date.now();
	listeners.add(listener);
	timer ??= window.setInterval(() => {
		now = Date.now();
		for (const each of listeners) each();
	}, TICK_MS);
	return () => {
		listeners.delete(listener);
		if (listeners.size === 0 && timer !== null) {
			window.clearInterval(timer);
			timer = null;
		}
	};
}

export function useNow(): Date {
	return new Date(useSyncExternalStore(subscribe, () => now));
}
