/* The helpdesk import: as it goes, as it ends, and what is said when it could not do all of it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { texts } from "../src/pages/imports/messages";
import { texts as job } from "../src/pages/JobProgress";
import { visit, type Visit } from "./browser";
import {
	mustBeAccessible,
	mustBeAccessibleInBothThemes,
	mustFitTheWidth,
	mustShowItsStates,
	tabTo,
} from "./look";
import { until } from "./waiting";
import { World } from "./world";

/* Ten requests a second: the tickets take several seconds, whatever the machine. */
const PER_MINUTE = 600;
const TICKETS = 80;

let world: World;
let viewer = "";
let sick: Sick;

/* A helpdesk in front of another that cannot give the messages of the first two tickets it is asked for. */
class Sick {
	readonly tickets: string[] = [];
	readonly #well = new Set<string>();
	#server: Server | null = null;
	url = "";

	async start(good: string): Promise<this> {
		const server = createServer((request, answer) => {
			const path = request.url ?? "";
			const uuid = /^\/ticket\/([^/]+)\/messages/.exec(path)?.[1];
			if (uuid !== undefined && this.tickets.length < 2 && !this.tickets.includes(uuid))
				this.tickets.push(uuid);
			const nth = uuid === undefined || this.#well.has(uuid) ? -1 : this.tickets.indexOf(uuid);
			if (nth === 0) return void answer.writeHead(404).end();
			if (nth === 1) return void answer.writeHead(302, { location: "/" }).end();
			void fetch(good + path, { headers: { "api-key": String(request.headers["api-key"]) } }).then(
				async (a) =>
					answer.writeHead(a.status, { "content-type": "application/json" }).end(await a.text()),
			);
		});
		await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
		this.#server = server;
		this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		return this;
	}

	heal(uuid: string): void {
		this.#well.add(uuid);
	}

	stop(): void {
		this.#server?.closeAllConnections();
		this.#server?.close();
	}
}

async function pointTo(slug: string, apiBaseUrl: string): Promise<void> {
	await world.api("patch", "/api/clients/{slug}", {
		path: { slug },
		body: { apiBaseUrl, apiKey: world.simKey },
	});
}

const start = async (slug: string) => await world.api("post", "/api/jobs/import/{slug}", { path: { slug } });

beforeAll(async () => {
	world = await World.start({ settings: { EXTERNAL_API_REQUESTS_PER_MINUTE: String(PER_MINUTE) } });
	for (const slug of ["novo", "acme", "outro", "parte", "chave", "fora"]) await world.client(slug);
	const some = { tickets: 8, messages: 40, contacts: 10 };
	await Promise.all([
		world.sim.helpdesk("acme", { tickets: TICKETS, messages: 300, contacts: 20 }),
		world.sim.helpdesk("outro", { tickets: 40, messages: 100, contacts: 10 }),
		world.sim.helpdesk("chave", { ...some, apiKey: "another-key" }),
		world.sim.helpdesk("parte", some).then(async (good) => {
			sick = await new Sick().start(good);
			await pointTo("parte", sick.url);
		}),
		pointTo("fora", "http://127.0.0.1:1"),
	]);
	viewer = await world.createToken({ role: "viewer", clientSlug: "parte" });
	for (const slug of ["fora", "parte", "chave"]) await start(slug);
});
afterAll(async () => {
	sick.stop();
	await world.dispose();
});

const now = (v: Visit) => v.page.getByRole("region", { name: v.texts(texts)("now") });
const desk = (v: Visit) => v.page.getByRole("region", { name: v.texts(texts)("desk"), exact: true });
const failures = (v: Visit) => v.page.getByRole("region", { name: v.texts(texts)("failures"), exact: true });
const runs = (v: Visit) =>
	v.page
		.getByRole("region", { name: v.texts(texts)("runs") })
		.getByRole("row")
		.filter({ has: v.page.locator("td") });
const button = (v: Visit, key: "start" | "syncContacts") =>
	v.page.getByRole("button", { name: v.texts(texts)(key), exact: true });

test("without a helpdesk it is said what one brings, and where to give its address", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/novo/importacoes", device: "phone" });
	const t = v.texts(texts);
	await v.page.getByText(t("empty.text")).waitFor();
	await mustFitTheWidth(v.page);
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.getByRole("link", { name: t("empty.action") }).click();
	await v.page.waitForURL("**/novo/administracao/clientes");
});

test("an import started by keyboard is seen as it goes, stopped, and taken up again", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/importacoes" });
	const t = v.texts(texts);
	const j = v.texts(job);
	const loads: string[] = [];
	await now(v).getByText(t("never")).waitFor();
	await v.page.getByText(t("runs.none")).waitFor();
	v.page.on("framenavigated", (frame) => loads.push(frame.url()));

	await tabTo(v.page, button(v, "start"));
	await v.page.keyboard.press("Enter");
	await now(v).getByText(j("status.running")).waitFor();
	await v.page.getByRole("status").getByText(t("started")).waitFor();
	expect(await button(v, "start").isDisabled()).toBe(true);
	const far = now(v).getByText(/^\d+ de \d+ tickets · /);
	const told = await until("rate and time left are told", async () => {
		const text = (await far.count()) === 0 ? "" : await far.innerText();
		return /^(\d+) de (\d+) tickets · (\d+)% · (\d+) por minuto · faltam ~(.+)$/.exec(text);
	});
	const [, done = "", total = "", percent = "", rate = "", left = ""] = told;
	expect(Number(total)).toBe(TICKETS);
	expect(Number(percent)).toBe(Math.floor((100 * Number(done)) / TICKETS));
	/* One request a ticket at least, and a second's worth of them at once in the beginning. */
	expect(Number(rate)).toBeGreaterThan(0);
	expect(Number(rate)).toBeLessThan(2 * PER_MINUTE);
	expect(parseInt(left, 10)).toBeGreaterThanOrEqual(
		Math.floor(((TICKETS - Number(done)) * 60) / PER_MINUTE),
	);
	expect(await now(v).getByRole("progressbar").getAttribute("value")).not.toBeNull();
	await now(v).getByText(t("count.messagesNew")).waitFor();
	await now(v).getByText(t("count.requests")).waitFor();

	await now(v)
		.getByRole("button", { name: j("stop") })
		.click();
	await now(v).getByText(j("status.cancelled")).waitFor();
	await runs(v).nth(0).getByText(j("status.cancelled")).waitFor();
	expect(await now(v).getByText(t("partial.next")).count()).toBe(0);

	await button(v, "start").click();
	await now(v).getByText(j("status.succeeded")).waitFor();
	await runs(v).nth(1).waitFor();
	await runs(v).nth(0).getByText(j("status.succeeded")).waitFor();
	const state = await world.api("get", "/api/clients/{slug}/import-state", { path: { slug: "acme" } });
	expect(state.cursor).not.toBeNull();
	const cursor = desk(v).locator(`time[datetime="${state.cursor ?? ""}"]`);
	await cursor.waitFor();
	expect(loads).toEqual([]);
	await mustBeAccessibleInBothThemes(v.page);

	await button(v, "syncContacts").click();
	await runs(v)
		.filter({ hasText: t("kind.sync_contacts") })
		.getByText(j("status.succeeded"))
		.waitFor();
});

test("an import of another process is seen live", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/outro/importacoes" });
	const t = v.texts(texts);
	const j = v.texts(job);
	await now(v).getByText(t("never")).waitFor();
	const other = world.recado("import", "outro");
	await now(v).getByText(j("status.running")).waitFor();
	await now(v).getByRole("progressbar").waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await now(v).getByText(j("status.succeeded")).waitFor();
	expect((await other).status).toBe(0);
	await runs(v).nth(0).getByText(j("status.succeeded")).waitFor();
});

describe("what could not be done", () => {
	test("a partial import says why in one click, and a ticket is tried again until it is there", async () => {
		const v = await visit(world.url, { token: world.adminToken, path: "/parte/importacoes" });
		const t = v.texts(texts);
		const j = v.texts(job);
		const [first = "", second = ""] = sick.tickets;
		await now(v).getByText(j("status.partial"), { exact: true }).waitFor();
		await now(v)
			.getByText(t("partial.failures", { n: 2 }))
			.waitFor();
		await now(v)
			.getByRole("link", { name: t("partial.why") })
			.click();
		const row = (uuid: string) => failures(v).getByRole("row").filter({ hasText: uuid });
		await row(first).getByText(t("reason.gone")).waitFor();
		await row(second).getByText(t("reason.redirected")).waitFor();
		expect(await failures(v).evaluate((e) => e.getBoundingClientRect().top < innerHeight - 100)).toBe(
			true,
		);
		await row(first).getByText(t("failures.detail")).click();
		await mustBeAccessibleInBothThemes(v.page);

		sick.heal(first);
		await row(first)
			.getByRole("button", { name: t("failures.retry") })
			.click();
		await v.page.getByRole("status").getByText(t("failures.retried")).waitFor();
		await row(first).waitFor({ state: "detached" });
		await row(second).getByRole("cell", { name: "2", exact: true }).waitFor();
		await now(v)
			.getByText(t("partial.failures", { n: 1 }))
			.waitFor();
	});

	test("a refused key is told, and leads to where another is given", async () => {
		const v = await visit(world.url, { token: world.adminToken, path: "/chave/importacoes" });
		const t = v.texts(texts);
		await now(v).getByText(t("failed.title")).waitFor();
		await now(v)
			.getByText(t("reason", { reason: t("reason.unauthorized") }))
			.waitFor();
		await now(v)
			.getByRole("link", { name: t("empty.action") })
			.click();
		await v.page.waitForURL("**/chave/administracao/clientes");
	});

	test("a helpdesk that does not answer is told, in English, in the dark, on a phone", async () => {
		const v = await visit(world.url, {
			token: world.adminToken,
			path: "/fora/importacoes",
			language: "en",
			theme: "dark",
			device: "phone",
		});
		const t = v.texts(texts);
		/* It is asked four times, later each time. */
		await now(v).getByText(t("failed.title")).waitFor({ timeout: 30_000 });
		await now(v)
			.getByText(t("reason", { reason: t("reason.unreachable") }))
			.waitFor();
		await now(v).getByText(t("partial.later")).waitFor();
		await mustBeAccessible(v.page);
		await mustFitTheWidth(v.page);
	});
});

test("a viewer sees all of it, and may start none of it", async () => {
	const v = await visit(world.url, { token: viewer, path: "/parte/importacoes" });
	const t = v.texts(texts);
	await failures(v).getByText(t("reason.redirected")).waitFor();
	await runs(v).nth(0).waitFor();
	expect(await v.page.getByRole("main").getByRole("button").count()).toBe(0);
	expect(await v.page.getByRole("checkbox").count()).toBe(0);
	const answer = await v.context.request.post(`${world.url}/api/jobs/import/parte`, {
		headers: { origin: world.url },
		data: {},
	});
	expect(answer.status()).toBe(403);
});

test("loading, an error and no network are told", async () => {
	const v = await visit(world.url, { token: viewer, path: null });
	await mustShowItsStates(v, {
		path: "/parte/importacoes",
		api: /^\/api\/(?:clients\/parte\/import-state|clients\/parte\/import-failures|jobs)$/,
		ready: desk(v),
	});
});
