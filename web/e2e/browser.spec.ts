/* The watcher itself: each kind of thing that goes wrong unseen is seen. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { visit } from "./browser";
import { mustBeAccessible, mustFitTheWidth } from "./look";
import { until } from "./waiting";

const PAGES: Record<string, string> = {
	"/good": "<h1>Good</h1><p>Nothing is wrong here.</p>",
	"/console": "<script>console.error('planted error'); console.warn('planted warning')</script>",
	"/uncaught": "<script>setTimeout(() => { throw new Error('planted exception') })</script>",
	"/rejected": "<script>Promise.reject(new Error('planted rejection'))</script>",
	"/abroad": "<img alt='' src='http://elsewhere.example/a.png'>",
	"/broken": "<img alt='' src='/500'>",
	"/poor": "<h1>Poor</h1><p style='color:#ccc;background:#fff'>pale</p><button></button>",
	"/wide": "<h1>Wide</h1><p style='width:1000px'>wide</p>",
	"/scroller":
		"<h1>A table</h1><div tabindex=0 style='overflow-x:auto'><p style='width:1000px'>wide</p></div>",
};

let server: Server;
let url = "";

beforeAll(async () => {
	server = createServer((request, response) => {
		const body = PAGES[request.url ?? ""];
		response.writeHead(body === undefined ? 500 : 200, {
			"content-type": "text/html",
			"content-security-policy": "default-src * data: 'unsafe-inline'; script-src 'unsafe-inline'",
		});
		response.end(
			`<!doctype html><html lang=en><title>t</title><meta name=viewport content="width=device-width">` +
				`<link rel=icon href="data:,"><main>${body ?? ""}</main>`,
		);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test.each([
	["/console", [/^console error: planted error/, /^console warning: planted warning/]],
	["/uncaught", [/^uncaught exception: Error: planted exception/]],
	["/rejected", [/^uncaught exception: Error: planted rejection/]],
	[
		"/abroad",
		[/^request to another host: GET http:\/\/elsewhere\.example\/a\.png/, /ERR_NAME_NOT_RESOLVED/],
	],
	["/broken", [/^answer 500: .*\/500/, /^console error: .* 500 /]],
])("what goes wrong at %s is seen", async (path, problems) => {
	const v = await visit(url, { path });
	await until("all of it is noted", () => problems.every((like) => v.problems.some((p) => like.test(p))), {
		seen: () => v.problems,
	});
	for (const like of problems) v.expectProblem(like);
});

test("a visit ends badly when something unexpected went wrong", async () => {
	const v = await visit(url, { path: "/console" });
	v.expectProblem(/planted warning/);
	await until("both are noted", () => v.problems.length === 2);
	await expect(v.done()).rejects.toThrow(/^went wrong unseen: console error: planted error \(.*\)$/);
});

test("a visit ends badly when what was expected did not come", async () => {
	const v = await visit(url, { path: "/good" });
	v.expectProblem(/never/);
	await expect(v.done()).rejects.toThrow(/^expected to go wrong, and did not: \/never\/$/);
});

test("axe's serious findings are told with rule, place and help", async () => {
	const v = await visit(url, { path: "/poor" });
	const told = mustBeAccessible(v.page);
	await expect(told).rejects.toThrow(/^ {2}color-contrast \(serious\) at p: Elements must /m);
	await expect(told).rejects.toThrow(/^ {2}button-name \(critical\) at button: Buttons must /m);
	await v.goto("/good");
	await mustBeAccessible(v.page);
});

test("what is wider than a phone is told, what scrolls by itself is not", async () => {
	const v = await visit(url, { path: "/wide", device: "phone" });
	await expect(mustFitTheWidth(v.page)).rejects.toThrow(/<p class=""> wide reaches 10\d\d/);
	await v.goto("/scroller");
	await mustFitTheWidth(v.page);
});
