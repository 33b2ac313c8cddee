/* What the page weighs: a first visit, the next one, and that the check would see it grow. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import { loginMessages } from "../src/shell/loginMessages";
import { visit, type Visit } from "./browser";
import { assetsOf, bytesOf, faultsOfFirst, faultsOfSecond, Fetches, type Fetched } from "./load";
import { until } from "./waiting";
import { World } from "./world";

let world: World;
let deep = "";

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	const number = await world.connection("acme");
	await world.sim
		.meta(number, { only: "contacts,history", messages: 200, people: 5, contacts: 5 })
		.finished();
	await world.applied();
	const { data } = await world.api("get", "/api/clients/{slug}/conversations", {
		path: { slug: "acme" },
		query: { limit: 1 },
	});
	deep = `/acme/conversas/${data[0]?.id ?? ""}`;
});
afterAll(async () => await world.dispose());

async function load(
	v: Visit,
	fetches: Fetches,
	path: string,
	shown: () => Promise<void>,
): Promise<Fetched[]> {
	await v.goto(path);
	await shown();
	await v.page.evaluate(() => document.fonts.ready.then(() => undefined));
	await until("all that was asked for is there", () => fetches.areDone);
	return fetches.take();
}

function say(what: string, fetched: readonly Fetched[]): void {
	const assets = assetsOf(fetched);
	const rest = fetched.length - assets.length;
	console.log(
		`${what}: ${bytesOf(assets)} bytes in ${assets.length} requests, and ${rest} answers of the API of ` +
			`${bytesOf(fetched) - bytesOf(assets)} bytes\n` +
			assets.map((f) => `  ${f.bytes} ${f.path}`).join("\n"),
	);
}

const pages = [
	{
		name: "a link to a conversation",
		path: () => deep,
		isIn: true,
		shown: async (v: Visit) => {
			await v.page.getByTestId("thread").getByRole("article").first().waitFor();
			await v.page.getByTestId("conversations").getByRole("link").first().waitFor();
		},
	},
	{
		name: "the login",
		path: () => "/",
		isIn: false,
		shown: (v: Visit) => v.page.getByRole("heading", { name: v.texts(loginMessages)("title") }).waitFor(),
	},
];

test.each(pages)("$name is light the first time, and free the next", async ({ name, path, isIn, shown }) => {
	const v = await visit(world.url, { path: null, ...(isIn ? { token: world.adminToken } : {}) });
	const fetches = await Fetches.of(v.page);
	const first = await load(v, fetches, path(), () => shown(v));
	say(name, first);
	expect(faultsOfFirst(first)).toEqual([]);
	const second = await load(v, fetches, path(), () => shown(v));
	const paths = (of: readonly Fetched[]) => new Set(assetsOf(of).map((f) => f.path));
	expect(paths(second)).toEqual(paths(first));
	expect(faultsOfSecond(second)).toEqual([]);
});

test("a script that is written into the page does not run", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/conversas" });
	await v.page.getByRole("navigation", { name: v.texts(common)("nav.label") }).waitFor();
	v.expectProblem(/^console error: Executing inline script violates .*script-src 'self'/);
	expect(await v.page.locator("script:not([src])").count()).toBe(0);
	const ran = await v.page.evaluate(() => {
		const script = document.createElement("script");
		script.textContent = "document.title = 'planted'";
		document.body.append(script);
		return document.title === "planted";
	});
	expect(ran).toBe(false);
});

/* A first load with nothing wrong, and each thing that could be. */
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'";
const kept = { "cache-control": "public, max-age=31536000, immutable", "content-encoding": "br" };

function fetched(path: string, kind: string, bytes: number, headers: Record<string, string>): Fetched {
	return { path, kind, status: 200, bytes, fromCache: false, headers };
}

function good(): Fetched[] {
	const html = { "cache-control": "no-cache", "content-security-policy": CSP, "content-encoding": "br" };
	return [
		fetched("/acme/conversas", "Document", 900, html),
		fetched("/assets/index-Bg51DqEU.js", "Script", 110_000, kept),
		fetched("/assets/style-CE7E_UrX.css", "Stylesheet", 8000, kept),
		fetched("/assets/inter-latin-wght-normal-Dx4kXJAl.woff2", "Font", 49_000, {
			"cache-control": kept["cache-control"],
		}),
		fetched("/api/me", "Fetch", 500_000, {}),
	];
}
const chunk = (bytes: number, more: Record<string, string> = {}, path = "/assets/Inbox-DEaqB6pp.js") =>
	fetched(path, "Script", bytes, { ...kept, ...more });
const withHtml = (more: Record<string, string>) =>
	good().map((f) => (f.kind === "Document" ? { ...f, headers: { ...f.headers, ...more } } : f));

describe("the check", () => {
	test("finds nothing in what is well", () => {
		expect(faultsOfFirst(good())).toEqual([]);
		expect(faultsOfFirst([...good(), chunk(32_100)])).toEqual([]);
		expect(faultsOfSecond([])).toEqual([]);
	});
	test.each([
		[
			"a chunk too big",
			[...good(), chunk(32_101)],
			/^200001 bytes, at most 200000: .*Inbox-DEaqB6pp\.js 32101/,
		],
		["a request too many", [...good(), chunk(1), chunk(1), chunk(1)], /^7 requests, at most 6: /],
		["no hash", [...good(), chunk(1, {}, "/assets/extra.js")], /extra\.js has no hash/],
		["no compression", [...good(), chunk(1, { "content-encoding": "" })], /js is not compressed/],
		[
			"no caching",
			[...good(), chunk(1, { "cache-control": "no-cache" })],
			/not be kept for ever: no-cache/,
		],
		[
			"a document that is kept",
			withHtml({ "cache-control": "max-age=60" }),
			/may be kept without asking/,
		],
		[
			"inline scripts",
			withHtml({ "content-security-policy": CSP.replace("src 'self'", "src 'self' 'unsafe-inline'") }),
			/allows scripts from 'self' 'unsafe-inline'/,
		],
		["no policy", withHtml({ "content-security-policy": "" }), /allows scripts from anywhere/],
		["no font", good().filter((f) => f.kind !== "Font"), /no Font was fetched/],
	])("finds %s", (_, load, fault) => {
		const faults = faultsOfFirst(load);
		expect(faults).toHaveLength(1);
		expect(faults[0]).toMatch(fault);
	});
	test("finds what is fetched again", () => {
		const document304 = { ...good().slice(0, 1)[0], status: 304 } as Fetched;
		expect(faultsOfSecond([document304, { ...chunk(0), fromCache: true }])).toEqual([]);
		expect(faultsOfSecond([document304, chunk(10)])).toEqual([
			"/assets/Inbox-DEaqB6pp.js was fetched again: 200, 10 bytes",
		]);
		expect(faultsOfSecond(good().slice(0, 1))).toHaveLength(1);
	});
});
