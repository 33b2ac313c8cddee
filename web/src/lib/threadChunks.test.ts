import { expect, test } from "vitest";
import { CHUNK, chunked, type Line, type Placed } from "./threadChunks";

const message = (n: number): Line => ({ kind: "message", key: String(n) });
const messages = (from: number, to: number): Line[] =>
	Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const none: Placed = new Map();
const shape = (rows: readonly Line[], was: Placed) =>
	chunked(rows, was).chunks.map((c) => [c.key, c.rows.map((r) => r.key).join(" ")]);

test("a piece has at most so many messages, and none is lost or moved", () => {
	const { chunks } = chunked(messages(1, 2 * CHUNK + 1), none);
	expect(chunks.map((c) => c.rows.length)).toEqual([CHUNK, CHUNK, 1]);
	expect(chunks.flatMap((c) => c.rows)).toEqual(messages(1, 2 * CHUNK + 1));
});

test("what comes before or behind leaves full pieces as they are", () => {
	const first = chunked(messages(100, 100 + 2 * CHUNK - 1), none);
	const more = chunked(messages(100 - CHUNK, 100 + 2 * CHUNK), first.placed);
	expect(more.chunks.map((c) => c.rows.length)).toEqual([CHUNK, CHUNK, CHUNK, 1]);
	expect(more.chunks.slice(1, 3)).toEqual(first.chunks);
});

test("one that comes behind joins the last piece while there is room", () => {
	const first = chunked(messages(1, 2), none);
	expect(shape(messages(1, 3), first.placed)).toEqual([[1, "1 2 3"]]);
});

test("what is let go at an end leaves the rest of its piece", () => {
	const first = chunked(messages(1, CHUNK + 2), none);
	const { chunks } = chunked(messages(3, CHUNK + 2), first.placed);
	expect(chunks.map((c) => c.key)).toEqual(first.chunks.map((c) => c.key));
	expect(chunks[0]?.rows).toEqual(messages(3, CHUNK));
});

test("days and sessions are in the piece of the message below them", () => {
	const day: Line = { kind: "day", key: "d" };
	const first = chunked([...messages(1, CHUNK), day, message(99)], none);
	expect(first.chunks.at(-1)?.rows).toEqual([day, message(99)]);
});

test("what comes into the midst of a piece parts it, and no key is there twice", () => {
	const first = chunked([message(1), message(9)], new Map());
	const full = chunked([...messages(1, CHUNK - 1), message(90)], none);
	const parted = chunked([...messages(1, CHUNK - 1), ...messages(50, 80), message(90)], full.placed);
	const keys = parted.chunks.map((c) => c.key);
	expect(new Set(keys).size).toBe(keys.length);
	expect(parted.chunks.flatMap((c) => c.rows).length).toBe(CHUNK - 1 + 31 + 1);
	expect(shape([message(1), message(5), message(9)], first.placed)).toEqual([[1, "1 5 9"]]);
});
