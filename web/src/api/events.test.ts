import { describe, expect, it } from "vitest";
import { EventStream, waitBefore, type EventSourceLike, type StreamState } from "./events";

class FakeSource implements EventSourceLike {
	onopen: ((e: Event) => void) | null = null;
	onerror: ((e: Event) => void) | null = null;
	closed = false;
	private readonly listeners = new Map<string, (e: MessageEvent<string>) => void>();
	constructor(readonly address: string) {}
	addEventListener(kind: string, listener: (e: MessageEvent<string>) => void): void {
		this.listeners.set(kind, listener);
	}
	close(): void {
		this.closed = true;
	}
	say(kind: string, id: string, data = "{}"): void {
		this.listeners.get(kind)?.({ data, lastEventId: id } as MessageEvent<string>);
	}
}

function setUp() {
	const sources: FakeSource[] = [];
	const seen: string[] = [];
	const states: StreamState[] = [];
	const waits: number[] = [];
	let pending: (() => void) | null = null;
	let resets = 0;
	const stream = new EventStream({
		address: (id) => `/api/events${id === null ? "" : `?lastEventId=${id}`}`,
		kinds: ["job.changed"],
		open: (address) => {
			const source = new FakeSource(address);
			sources.push(source);
			return source;
		},
		onEvent: (e) => seen.push(`${e.kind} ${e.subjectId ?? "-"}`),
		onReset: () => resets++,
		onState: (s) => states.push(s),
		later: (run, ms) => {
			pending = run;
			waits.push(ms);
			return 1;
		},
		cancel: () => (pending = null),
	});
	const last = (): FakeSource => {
		const source = sources.at(-1);
		if (source === undefined) throw new Error("no stream was opened");
		return source;
	};
	const elapse = () => {
		const run = pending;
		pending = null;
		run?.();
	};
	return { stream, sources, seen, states, waits, last, elapse, resets: () => resets };
}

describe("the stream of events", () => {
	it("tells what changed and of whom", () => {
		const x = setUp();
		x.stream.start();
		x.last().onopen?.(new Event("open"));
		x.last().say("job.changed", "4", '{"subjectId":"j1"}');
		expect(x.seen).toEqual(["job.changed j1"]);
		expect(x.states).toEqual(["connecting", "open"]);
	});

	it("resumes behind the last event it saw", () => {
		const x = setUp();
		x.stream.start();
		x.last().onopen?.(new Event("open"));
		x.last().say("job.changed", "41");
		x.last().onerror?.(new Event("error"));
		expect(x.states.at(-1)).toBe("lost");
		x.elapse();
		expect(x.last().address).toBe("/api/events?lastEventId=41");
		x.last().onopen?.(new Event("open"));
		expect(x.resets()).toBe(0);
	});

	it("can resume from where it began, before anything has changed", () => {
		const x = setUp();
		x.stream.start();
		x.last().onopen?.(new Event("open"));
		x.last().say("ready", "7");
		x.last().onerror?.(new Event("error"));
		x.elapse();
		expect(x.last().address).toBe("/api/events?lastEventId=7");
	});

	it("counts an opening without an id to resume behind as a reset", () => {
		const x = setUp();
		x.stream.start();
		x.last().onerror?.(new Event("error"));
		x.elapse();
		x.last().onopen?.(new Event("open"));
		expect(x.resets()).toBe(1);
	});

	it("waits longer each time, never more than half a minute, and begins anew after success", () => {
		const x = setUp();
		x.stream.start();
		for (let i = 0; i < 7; i++) {
			x.last().onerror?.(new Event("error"));
			x.elapse();
		}
		expect(x.waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
		x.last().onopen?.(new Event("open"));
		x.last().onerror?.(new Event("error"));
		expect(x.waits.at(-1)).toBe(1000);
		expect(waitBefore(1e9)).toBe(30000);
	});

	it("opens nothing after it was stopped", () => {
		const x = setUp();
		x.stream.start();
		const first = x.last();
		x.stream.stop();
		first.onerror?.(new Event("error"));
		x.elapse();
		expect(first.closed).toBe(true);
		expect(x.sources.length).toBe(1);
	});
});
