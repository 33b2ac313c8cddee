/*
 * How quick the page feels, for `make bench`: until it can be used on a phone with a slow network,
 * and how evenly it scrolls on a slow machine. Nothing is asserted; each line of a table that is
 * found goes to the file that RESULTS names, after the word `load`, `scroll` or `ratio`.
 */
import { appendFileSync } from "node:fs";
import type { CDPSession } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { visit, type Device, type Visit } from "./browser";
import { framesDuring, workDuring, type Frames } from "./frames";
import { assetsOf, bytesOf, Fetches } from "./load";
import { crowd, heapBytes, LARGE, ROWS, shows, wheel, type Column } from "./scroll";
import { until } from "./waiting";
import { World } from "./world";

const RUNS = Number(process.env["RUNS"] ?? 5);
const SLOW_CPU = 4;
/* Pixels a second: three screens. */
const SPEED = 2500;
/* What Chromium's own tools call Fast 3G. */
const FAST_3G = {
	offline: false,
	latency: 562.5,
	downloadThroughput: (1.6e6 * 0.9) / 8,
	uploadThroughput: (0.75e6 * 0.9) / 8,
};

type Act = (v: Visit, session: CDPSession) => Promise<void>;

let world: World;
let long = "";

function tell(kind: "load" | "scroll" | "ratio", ...cells: (string | number)[]): void {
	const row = `| ${cells.join(" | ")} |`;
	console.log(row);
	if (process.env["RESULTS"] !== undefined) appendFileSync(process.env["RESULTS"], `${kind} ${row}\n`);
}

function median(of: readonly number[]): number {
	return [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? Number.NaN;
}

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	long = await crowd(world, "acme", LARGE);
}, 300_000);
afterAll(async () => await world.dispose());

async function slowed(v: Visit): Promise<CDPSession> {
	const session = await v.context.newCDPSession(v.page);
	await session.send("Emulation.setCPUThrottlingRate", { rate: SLOW_CPU });
	return session;
}

/* The moment at which something is first on the screen, from when the page was asked for, in ms. */
async function usableAfter(path: string, what: string, isIn: boolean, device: Device) {
	const v = await visit(world.url, { path: null, device, ...(isIn ? { token: world.adminToken } : {}) });
	const session = await slowed(v);
	const fetches = await Fetches.of(v.page);
	await session.send("Network.enable");
	await session.send("Network.emulateNetworkConditions", FAST_3G);
	await v.page.addInitScript((selector) => {
		const look = () => {
			const e = document.querySelector(selector);
			if (e === null || !e.checkVisibility()) requestAnimationFrame(look);
			else (window as unknown as { usable: number }).usable = performance.now();
		};
		requestAnimationFrame(look);
	}, what);
	await v.goto(path);
	const ms = await until(
		`${what} is to be seen`,
		() => v.page.evaluate(() => (window as unknown as { usable?: number }).usable ?? null),
		{ seconds: 60 },
	);
	await until("all is loaded", () => fetches.areDone, { seconds: 60 });
	const all = fetches.take();
	await v.done();
	return { ms, bytes: bytesOf(assetsOf(all)), requests: assetsOf(all).length, all: bytesOf(all) };
}

test.each([
	["a link to a conversation", () => `/acme/conversas/${long}`, "[data-testid=thread] article", true],
	[
		"the list of conversations",
		() => "/acme/conversas",
		"[data-testid=conversations] [role=listitem]",
		true,
	],
	["the login", () => "/", "form input", false],
])(
	"usable on a phone: %s",
	async (name, path, what, isIn) => {
		const runs = [];
		for (let i = 0; i < RUNS; i++) runs.push(await usableAfter(path(), what, isIn, "phone"));
		const times = runs.map((r) => r.ms);
		const one = runs[0];
		const [least, most] = [Math.min(...times), Math.max(...times)].map(Math.round);
		tell(
			"load",
			name,
			one?.bytes ?? 0,
			one?.requests ?? 0,
			one?.all ?? 0,
			Math.round(median(times)),
			`${least}–${most}`,
		);
	},
	600_000,
);

function listOf(runs: readonly Frames[]): string {
	return runs.map((r) => `${(100 * r.smooth).toFixed(1)} % / ${Math.round(r.worstMs)}`).join(", ");
}

/* Several goes of one way to scroll, on a page that is opened once. */
async function scrolled(name: string, column: Column, address: string, act: Act): Promise<void> {
	const v = await visit(world.url, {
		token: world.adminToken,
		path: null,
		reducedMotion: "no-preference",
	});
	const session = await v.context.newCDPSession(v.page);
	await v.page.goto(address);
	await shows(v.page, column);
	const before = await heapBytes(session);
	const drawn = v.page.getByTestId(column).locator(ROWS[column]);
	const frames: Frames[] = [];
	const work: Frames[] = [];
	let rows = 0;
	for (let i = 0; i < RUNS; i++) {
		await session.send("Emulation.setCPUThrottlingRate", { rate: SLOW_CPU });
		frames.push(await framesDuring(v.page, () => act(v, session)));
		await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
		work.push(await workDuring(v.page, SLOW_CPU, () => act(v, session)));
		rows = Math.max(rows, await drawn.count());
	}
	const heap = ((await heapBytes(session)) - before) / 1e6;
	tell("scroll", name, listOf(frames), listOf(work), rows, heap.toFixed(1));
	if (column === "bare") return;
	for (const [what, runs] of [
		["frames", frames],
		["frames by the page's own work", work],
	] as const) {
		tell(
			"ratio",
			`page, ${name}: ${what} of at most 33 ms`,
			median(runs.map((r) => r.smooth)).toFixed(3),
			"≥ 0.95",
		);
		tell(
			"ratio",
			`page, ${name}: the worst of these, ms`,
			Math.round(median(runs.map((r) => r.worstMs))),
			"≤ 200",
		);
	}
}

/* What the machine can do just now: two thousand lines of text, and no program at all. */
const BARE = `data:text/html,<div data-testid=bare style="height:100vh;overflow:auto">${"<p>x</p>".repeat(2000)}</div>`;

test("a bare page", async () => {
	await scrolled("a page of nothing but text", "bare", BARE, (v, session) =>
		wheel(v.page, session, "bare", { px: 10_000, perSecond: SPEED }),
	);
}, 600_000);

test(`${LARGE.messages} messages, upwards`, async () => {
	await scrolled(
		"conversation, from its end",
		"thread",
		`${world.url}/acme/conversas/${long}`,
		(v, session) => wheel(v.page, session, "thread", { px: -20_000, perSecond: SPEED }),
	);
}, 600_000);

test(`${LARGE.messages} messages, up and down in their midst`, async () => {
	const path = { id: long };
	const newest = await world.api("get", "/api/conversations/{id}/messages", { path, query: { limit: 1 } });
	let id = newest.data[0]?.id ?? "";
	/* Some thousands of them back, by the API's largest steps. */
	for (let i = 0; i < 20; i++) {
		const older = await world.api("get", "/api/conversations/{id}/messages", {
			path,
			query: { limit: 200, before: id },
		});
		id = older.data[0]?.id ?? id;
	}
	const address = `${world.url}/acme/conversas/${long}?mensagem=${id}`;
	await scrolled("conversation, in its midst", "thread", address, async (v, session) => {
		await wheel(v.page, session, "thread", { px: 10_000, perSecond: SPEED });
		await wheel(v.page, session, "thread", { px: -10_000, perSecond: SPEED });
	});
}, 600_000);

test(`${LARGE.conversations} conversations, downwards`, async () => {
	await scrolled("list", "conversations", `${world.url}/acme/conversas`, (v, session) =>
		wheel(v.page, session, "conversations", { px: 20_000, perSecond: SPEED }),
	);
}, 600_000);
