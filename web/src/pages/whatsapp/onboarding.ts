/* An onboarding at its end: the server works it off, whether or not somebody waits. */
import { api, mayPass } from "../../api/client";
import type { Onboarded } from "../../api/types";

const AGAIN_MS = 1000;
/** Longer than the server tries; afterwards it is looked for anew. */
const MOST_MS = 15 * 60_000;

const pause = (signal: AbortSignal) =>
	new Promise<void>((resolve, reject) => {
		const timer = setTimeout(resolve, AGAIN_MS);
		signal.addEventListener("abort", () => {
			clearTimeout(timer);
			reject(new DOMException("nobody waits any more", "AbortError"));
		});
	});

/** Asks until it has ended; what passes (a restart, no network) is waited for too. */
export async function untilEnded(slug: string, first: Onboarded, signal: AbortSignal): Promise<Onboarded> {
	const until = Date.now() + MOST_MS;
	let last = first;
	while (last.onboarding.status === "running" && Date.now() < until) {
		await pause(signal);
		try {
			last = await api.get("/api/clients/{slug}/onboardings/{id}", {
				path: { slug, id: last.onboarding.id },
				signal,
			});
		} catch (error) {
			if (!mayPass(error)) throw error;
		}
	}
	return last;
}
