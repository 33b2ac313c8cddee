/*
 * The stream of what changed. It is what keeps the page true without asking again and again. What
 * always holds: a stream that ends is opened again, for ever, later each time up to half a minute;
 * it resumes behind the last event that was seen; where the server cannot resume it says `reset`,
 * and where it was never reached before, opening it counts as one, so that nothing is missed.
 */
export interface ServerEvent {
	kind: string;
	subjectId: string | null;
}

export type StreamState = "connecting" | "open" | "lost";

export interface EventSourceLike {
	onopen: ((e: Event) => void) | null;
	onerror: ((e: Event) => void) | null;
	addEventListener(kind: string, listener: (e: MessageEvent<string>) => void): void;
	close(): void;
}

export interface StreamOptions {
	address: (lastId: string | null) => string;
	kinds: readonly string[];
	open: (address: string) => EventSourceLike;
	onEvent: (event: ServerEvent) => void;
	onReset: () => void;
	onState: (state: StreamState) => void;
	later?: (run: () => void, ms: number) => unknown;
	cancel?: (handle: unknown) => void;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** How long to wait before the nth try after a failure, n from 0. */
export function waitBefore(tries: number): number {
	return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10));
}

function subjectOf(data: string): string | null {
	try {
		const body: unknown = JSON.parse(data);
		if (typeof body !== "object" || body === null) return null;
		const id = (body as Record<string, unknown>)["subjectId"] ?? (body as Record<string, unknown>)["id"];
		return typeof id === "string" ? id : null;
	} catch {
		return null;
	}
}

export class EventStream {
	private source: EventSourceLike | null = null;
	private lastId: string | null = null;
	private tries = 0;
	private waiting: unknown = null;
	private ended = false;
	private dropped = false;

	constructor(private readonly options: StreamOptions) {}

	start(): void {
		this.ended = false;
		this.connect();
	}

	stop(): void {
		this.ended = true;
		this.source?.close();
		this.source = null;
		if (this.waiting !== null) this.cancelWait();
	}

	/** Tries now instead of at the end of the wait: the browser says that it is online again. */
	retryNow(): void {
		if (this.ended || this.waiting === null) return;
		this.cancelWait();
		this.connect();
	}

	private cancelWait(): void {
		(this.options.cancel ?? ((h) => clearTimeout(h as number)))(this.waiting);
		this.waiting = null;
	}

	private connect(): void {
		const source = this.options.open(this.options.address(this.lastId));

		this.source = source;
		if (this.tries === 0 && !this.dropped) this.options.onState("connecting");
		source.onopen = () => {
			this.tries = 0;
			if (this.dropped && this.lastId === null) this.options.onReset();
			this.dropped = false;
			this.options.onState("open");
		};
		source.onerror = () => this.lose(source);
		for (const kind of this.options.kinds) source.addEventListener(kind, (e) => this.take(kind, e));
		/* Where the stream begins: from here on it can be resumed, though nothing has changed yet. */
		source.addEventListener("ready", (e) => this.note(e));
		source.addEventListener("reset", (e) => {
			this.note(e);
			this.options.onReset();
		});
	}

	private note(e: MessageEvent<string>): void {
		if (e.lastEventId !== "") this.lastId = e.lastEventId;
	}

	private take(kind: string, e: MessageEvent<string>): void {
		this.note(e);
		this.options.onEvent({ kind, subjectId: subjectOf(e.data) });
	}

	private lose(source: EventSourceLike): void {
		if (this.source !== source || this.ended) return;
		source.close();
		this.source = null;
		this.dropped = true;
		this.options.onState("lost");
		const wait = waitBefore(this.tries++);
		this.waiting = (this.options.later ?? setTimeout)(() => {
			this.waiting = null;
			this.connect();
		}, wait);
	}
}
