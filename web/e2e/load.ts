/*
 * What a browser fetched to show a page, and whether that is little enough. What always holds: the
 * bytes are those that came over the wire, headers and compression included, and what came out of
 * the browser's own cache cost none.
 */
import type { CDPSession, Page } from "playwright-core";

/** One answer of the server. */
export interface Fetched {
	path: string;
	/** As the browser names it: Document, Script, Stylesheet, Font, Fetch, EventSource … */
	kind: string;
	status: number;
	bytes: number;
	fromCache: boolean;
	/** Names in small letters. */
	headers: Record<string, string>;
}

export const MOST_BYTES = 200_000;
export const MOST_REQUESTS = 6;

const NOT_MODIFIED = 304;
const ASSETS = /^\/assets\/[\w.-]+-[\w-]{8}\.\w+$/;
/* Compressed in itself. */
const PACKED = /\.woff2$/;

/** What a page is made of: everything but what it asks the API. */
export function assetsOf(fetched: readonly Fetched[]): Fetched[] {
	return fetched.filter((f) => !f.path.startsWith("/api/"));
}

export function bytesOf(fetched: readonly Fetched[]): number {
	return fetched.reduce((sum, f) => sum + f.bytes, 0);
}

function faultsOfDocument(f: Fetched): string[] {
	const csp = f.headers["content-security-policy"] ?? "";
	const scripts = /(?:^|;)\s*script-src ([^;]*)/.exec(csp)?.[1]?.trim();
	const faults = [];
	if (f.headers["cache-control"] !== "no-cache") faults.push(`${f.path} may be kept without asking`);
	if (scripts !== "'self'") faults.push(`${f.path} allows scripts from ${scripts ?? "anywhere"}`);
	return faults;
}

function faultsOfAsset(f: Fetched): string[] {
	const faults = [];
	if (!ASSETS.test(f.path)) faults.push(`${f.path} has no hash in its name`);
	if (f.headers["cache-control"] !== "public, max-age=31536000, immutable")
		faults.push(`${f.path} may not be kept for ever: ${f.headers["cache-control"] ?? "nothing said"}`);
	if (!PACKED.test(f.path) && !["br", "gzip"].includes(f.headers["content-encoding"] ?? ""))
		faults.push(`${f.path} is not compressed`);
	return faults;
}

/** What is wrong with a first load, each in a line. */
export function faultsOfFirst(fetched: readonly Fetched[]): string[] {
	const assets = assetsOf(fetched);
	const bytes = bytesOf(assets);
	const list = assets.map((f) => `${f.path} ${f.bytes}`).join(", ");
	const faults = [];
	if (bytes > MOST_BYTES) faults.push(`${bytes} bytes, at most ${MOST_BYTES}: ${list}`);
	if (assets.length > MOST_REQUESTS)
		faults.push(`${assets.length} requests, at most ${MOST_REQUESTS}: ${list}`);
	for (const kind of ["Document", "Script", "Stylesheet", "Font"])
		if (!assets.some((f) => f.kind === kind)) faults.push(`no ${kind} was fetched`);
	for (const f of assets) {
		if (f.status !== 200) faults.push(`${f.path} was answered ${f.status}`);
		if (f.fromCache) faults.push(`${f.path} came out of the cache`);
		faults.push(...(f.kind === "Document" ? faultsOfDocument(f) : faultsOfAsset(f)));
	}
	return faults;
}

/** What is wrong with a load after that one: only the document is asked for, and has not changed. */
export function faultsOfSecond(fetched: readonly Fetched[]): string[] {
	const assets = assetsOf(fetched);
	return assets
		.filter((f) => (f.kind === "Document" ? f.status !== NOT_MODIFIED : !f.fromCache))
		.map((f) => `${f.path} was fetched again: ${f.status}, ${f.bytes} bytes`);
}

interface Partial extends Fetched {
	isDone: boolean;
}

/** Listens to what a page fetches. */
export class Fetches {
	readonly #of = new Map<string, Partial>();

	static async of(page: Page): Promise<Fetches> {
		const session = await page.context().newCDPSession(page);
		await session.send("Network.enable");
		return new Fetches(session);
	}

	private constructor(session: CDPSession) {
		session.on("Network.requestWillBeSent", ({ requestId, request, type }) => {
			const { protocol, pathname } = new URL(request.url);
			if (protocol !== "http:") return;
			this.#of.set(requestId, {
				path: pathname,
				kind: type ?? "Other",
				status: 0,
				bytes: 0,
				fromCache: false,
				headers: {},
				isDone: false,
			});
		});
		session.on("Network.requestServedFromCache", ({ requestId }) => {
			const f = this.#of.get(requestId);
			if (f !== undefined) f.fromCache = true;
		});
		session.on("Network.responseReceived", ({ requestId, response }) => {
			const f = this.#of.get(requestId);
			if (f === undefined) return;
			if (f.status !== NOT_MODIFIED) f.status = response.status;
			f.bytes = response.encodedDataLength;
			f.fromCache ||= response.fromDiskCache === true;
			f.headers = Object.fromEntries(
				Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
			);
		});
		/* What the server said; the event above tells of the answer in the cache that this confirms. */
		session.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
			const f = this.#of.get(requestId);
			if (f !== undefined && statusCode === NOT_MODIFIED) f.status = statusCode;
		});
		session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
			const f = this.#of.get(requestId);
			if (f === undefined) return;
			f.bytes = f.fromCache ? 0 : encodedDataLength;
			f.isDone = true;
		});
	}

	/** Whether all is there that was asked for, but streams, which do not end. */
	get areDone(): boolean {
		return [...this.#of.values()].every((f) => f.isDone || f.kind === "EventSource");
	}

	/** What was fetched since this was called last. */
	take(): Fetched[] {
		const all = [...this.#of.values()];
		this.#of.clear();
		return all;
	}
}
