import { describe, expect, it } from "vitest";
import { threadRows } from "./threadRows";

const at = (day: number, hour: number, minute = 0) => new Date(2026, 0, day, hour, minute).toISOString();
const message = (id: string, timestamp: string, more = {}) => ({
	id,
	timestamp,
	sessionId: null as string | null,
	direction: "INBOUND",
	agentName: null,
	source: "live",
	...more,
});
const shape = (rows: ReturnType<typeof threadRows>) =>
	rows.map((r) => (r.kind === "message" ? r.key + (r.continues ? "+" : "") : r.kind));

describe("the rows of a thread", () => {
	it("begins each day once, and joins what one says within five minutes", () => {
		expect(
			shape(
				threadRows([
					message("a", at(10, 9)),
					message("b", at(10, 9, 2)),
					message("c", at(10, 9, 8)),
					message("d", at(11, 9)),
				]),
			),
		).toEqual(["day", "a", "b+", "c", "day", "d"]);
	});
	it("marks where a session begins, again after an interruption", () => {
		expect(
			shape(
				threadRows([
					message("a", at(10, 9), { sessionId: "1" }),
					message("b", at(10, 9, 1), { sessionId: "1" }),
					message("c", at(10, 9, 2)),
					message("d", at(10, 9, 3), { sessionId: "2" }),
				]),
			),
		).toEqual(["day", "session", "a", "b+", "c+", "session", "d"]);
	});
	it("does not join two people, or two inlets", () => {
		expect(
			shape(
				threadRows([
					message("a", at(10, 9)),
					message("b", at(10, 9), { direction: "OUTBOUND" }),
					message("c", at(10, 9), { direction: "OUTBOUND", source: "app_echo" }),
				]),
			),
		).toEqual(["day", "a", "b", "c"]);
	});
});
