/* Fifty thousand messages and twenty thousand conversations cost the page what a few do. */
import type { CDPSession } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { visit, type Visit } from "./browser";
import {
	crowd,
	heapBytes,
	LARGE,
	MOST_HEAP_BYTES,
	MOST_ROWS,
	scrollThrough,
	shows,
	type Column,
} from "./scroll";
import { engine } from "./postgres";
import { until } from "./waiting";
import { World } from "./world";

/* The page is the same whatever the server keeps its data in: all of it once is enough. */
const SIZE = engine === "sqlite" ? LARGE : { messages: 8000, conversations: 2000 };

let world: World;
let long = "";

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	long = await crowd(world, "acme", SIZE);
}, 300_000);
afterAll(async () => await world.dispose());

async function open(path: string): Promise<{ v: Visit; session: CDPSession }> {
	const v = await visit(world.url, { token: world.adminToken, path });
	return { v, session: await v.context.newCDPSession(v.page) };
}

/* Scrolls, and asks what was counted meanwhile. */
async function mustStaySmall(
	{ v, session }: { v: Visit; session: CDPSession },
	column: Column,
	ways: { step: number; rows: number }[],
): Promise<void> {
	const before = await heapBytes(session);
	for (const { step, rows } of ways) {
		const way = await scrollThrough(v.page, column, step, rows);
		expect(way.seen).toBeGreaterThanOrEqual(rows);
		expect(way.mostRows).toBeLessThanOrEqual(MOST_ROWS);
		const grown = (await heapBytes(session)) - before;
		console.log(`${column}: ${way.seen} rows seen, ${way.mostRows} at once, heap ${grown} bytes more`);
		expect(grown).toBeLessThanOrEqual(MOST_HEAP_BYTES);
	}
}

/* By steps that pass over none that is not drawn. */
test("a long list, to its end and back", async () => {
	const opened = await open("/acme/conversas");
	await shows(opened.v.page, "conversations");
	await mustStaySmall(opened, "conversations", [
		{ step: 1920, rows: SIZE.conversations + 1 },
		{ step: -60_000, rows: 100 },
	]);
}, 120_000);

test("a long conversation, from its end and from its midst", async () => {
	const opened = await open(`/acme/conversas/${long}`);
	const { page } = opened.v;
	await shows(page, "thread");
	await mustStaySmall(opened, "thread", [{ step: -2400, rows: 3000 }]);
	const oldest = page.getByTestId("thread").locator("[data-message]").first();
	const id = (await oldest.getAttribute("data-message")) ?? "";
	await opened.v.goto(`/acme/conversas/${long}?mensagem=${id}`);
	const target = page.locator(`[data-message="${id}"]`);
	await until("the message of the link is in view", async () => {
		const box = await target.boundingBox();
		return box !== null && box.y > 0 && box.y + box.height < 800;
	});
	await mustStaySmall(opened, "thread", [
		{ step: 2400, rows: 800 },
		{ step: -2400, rows: 1000 },
	]);
}, 120_000);
