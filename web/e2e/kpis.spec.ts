/* The figures: what is told of the answers that people waited for, and that the CSV tells the same. */
import { readFile } from "node:fs/promises";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { duration, number } from "../src/lib/format";
import { periodText } from "../src/lib/period";
import { texts as inboxTexts } from "../src/pages/inbox/messages";
import { texts } from "../src/pages/kpis/messages";
import { visit, type Visit } from "./browser";
import { Desk } from "./desk";
import { mustBeAccessibleInBothThemes, mustFitTheWidth, mustShowItsStates } from "./look";
import { until } from "./waiting";
import { World } from "./world";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const PAGE = "/acme/indicadores";

let world: World;
let desk: Desk;
let viewer = "";

function attended(
	name: string,
	agent: string | null,
	daysAgo: number,
	minutes: number,
	answeredAfter: number | null,
	tags: string[] = [],
): void {
	const start = new Date(Date.now() - daysAgo * DAY_MS);
	const words = [
		"Bom dia",
		answeredAfter === null ? "Alguém?" : "< Bom dia, como posso ajudar?",
		"Obrigado",
	];
	const end = new Date(start.getTime() + minutes * MINUTE_MS);
	desk.add({ name, agent, start, end, words, tags, pace: answeredAfter ?? 30 });
}

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	await world.client("beta", "Beta");
	viewer = await world.createToken({ role: "viewer" });
	desk = await Desk.open(world, "acme");
	attended("Ana", "Carla", 1, 30, 60, ["vip"]);
	attended("Bruno", "Diego", 1, 120, 300, ["vip", "novo"]);
	attended("Caio", "Carla", 3, 60, 600);
	attended("Dora", null, 3, 10, null);
	attended("Eva", "=Diego", 40, 300, 120);
	await desk.import(world, "acme");
});
afterAll(async () => {
	await world.dispose();
	await desk.close();
});

const panel = (v: Visit, name: string): Locator => v.page.getByRole("region", { name, exact: true });

/* The cells of a table, without its head. */
async function table(of: Locator): Promise<string[][]> {
	await of.getByRole("row").nth(1).waitFor();
	return await of
		.locator("tbody tr")
		.evaluateAll((rows) => rows.map((r) => [...r.querySelectorAll("td")].map((d) => d.innerText)));
}

/* The lines of what the panel's link downloads, without their head. */
async function csv(v: Visit, of: Locator, name: string): Promise<string[][]> {
	const coming = v.page.waitForEvent("download");
	await of.getByRole("link", { name: v.texts(texts)("csv") }).click();
	const download = await coming;
	expect(download.suggestedFilename()).toBe(name);
	const lines = (await readFile(await download.path(), "utf8")).split("\r\n").slice(1, -1);
	return lines.map((line) =>
		[...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map((m) =>
			(m[1] ?? m[2] ?? "").replaceAll('""', '"'),
		),
	);
}

const span = (seconds: string | undefined): string =>
	seconds === undefined || seconds === "" ? "–" : duration(Number(seconds));
const count = (n: string | undefined): string => number("pt-BR", Number(n));

async function mustBeEmpty(v: Visit): Promise<void> {
	const empty = v.page.getByText(v.texts(texts)("empty"));
	await until("all three say so", async () => (await empty.count()) === 3);
}

test("the tables hold what was measured, and the CSV holds the same", async () => {
	const v = await visit(world.url, { token: viewer, path: PAGE });
	const t = v.texts(texts);
	const first = panel(v, t("first"));
	const shown = await table(first);
	expect(shown.map((r) => r.slice(1))).toEqual([
		["10 min", "10 min", "10 min", "1", "1"],
		["3 min", "3 min", "5 min", "2", "0"],
	]);
	expect(shown).toEqual(
		(await csv(v, first, "acme-first-response.csv")).map(([period, average, median, p90, yes, no]) => [
			periodText("pt-BR", period ?? ""),
			span(median),
			span(average),
			span(p90),
			count(yes),
			count(no),
		]),
	);

	const durations = panel(v, t("duration"));
	const byTag = await table(durations);
	expect(byTag.map((r) => r.slice(0, 3)).sort()).toEqual([
		[t("noTag"), "2", "35 min"],
		["novo", "1", "2 h 00"],
		["vip", "2", "1 h 15"],
	]);
	expect(byTag).toEqual(
		(await csv(v, durations, "acme-session-duration.csv")).map(([tag, n, average, median, p90]) => [
			tag === "Sem tag" ? t("noTag") : (tag ?? ""),
			count(n),
			span(median),
			span(average),
			span(p90),
		]),
	);

	const slowest = panel(v, t("slowest"));
	const slow = await table(slowest);
	expect(slow.map((r) => r.slice(1, 3))).toEqual([
		["2 h 00", "Diego"],
		["1 h 00", "Carla"],
		["30 min", "Carla"],
		["10 min", t("noAgent")],
	]);
	const exact = new Intl.DateTimeFormat("pt-BR", {
		dateStyle: "medium",
		timeStyle: "medium",
		timeZone: "America/Sao_Paulo",
	});
	expect(slow.map((r) => r.slice(0, 3))).toEqual(
		(await csv(v, slowest, "acme-slowest-sessions.csv")).map(([, , start, , agent, seconds]) => [
			exact.format(new Date(start ?? "")),
			span(seconds),
			agent === "" ? t("noAgent") : (agent ?? ""),
		]),
	);
	const chart = v.page.getByRole("img", {
		name: t("chart.alt", { least: "3 min", most: "10 min" }),
	});
	expect(await chart.locator("canvas").count()).toBe(1);
	await mustBeAccessibleInBothThemes(v.page);
	await slowest
		.getByRole("link", { name: t("open") })
		.first()
		.click();
	await v.page.waitForURL(/\/acme\/conversas\/[0-9a-f-]{36}$/);
	await v.page.getByRole("log", { name: v.texts(inboxTexts)("thread") }).waitFor();
});

test("the period and the filters are chosen, stay in the address, and may be wrong", async () => {
	const v = await visit(world.url, { token: viewer, path: PAGE });
	const t = v.texts(texts);
	const slowest = panel(v, t("slowest"));
	await slowest.getByRole("row").nth(4).waitFor();
	await v.page.getByRole("button", { name: t("span", { n: 90 }) }).click();
	await slowest.getByRole("row").nth(5).waitFor();
	expect((await table(slowest))[0]?.slice(1, 3)).toEqual(["5 h 00", "=Diego"]);
	expect(await v.page.getByRole("button", { pressed: true }).allInnerTexts()).toEqual([
		t("span", { n: 90 }),
	]);
	/* A spreadsheet would run it. */
	expect((await csv(v, slowest, "acme-slowest-sessions.csv"))[0]?.[4]).toBe("'=Diego");

	await v.page.getByLabel(t("by")).selectOption("total");
	const first = panel(v, t("first"));
	await first.getByText(t("total"), { exact: true }).waitFor();
	expect((await table(first)).map((r) => r.slice(4))).toEqual([["4", "1"]]);
	expect(await v.page.getByRole("img", { name: /./ }).count()).toBe(0);
	await v.page.getByLabel(t("by")).selectOption("month");
	await v.page.reload();
	await slowest.getByRole("row").nth(5).waitFor();
	expect(await v.page.getByLabel(t("by")).inputValue()).toBe("month");

	await v.page.getByLabel(t("agent")).fill("carla@acme.example");
	await v.page.keyboard.press("Enter");
	await slowest.getByRole("row").nth(3).waitFor({ state: "detached" });
	expect((await table(slowest)).map((r) => r[2])).toEqual(["Carla", "Carla"]);
	expect((await csv(v, slowest, "acme-slowest-sessions.csv")).length).toBe(2);
	await v.page.getByLabel(t("tag"), { exact: true }).fill("nenhuma destas");
	await v.page.keyboard.press("Tab");
	await mustBeEmpty(v);

	const from = v.page.getByLabel(t("from"), { exact: true });
	const to = v.page.getByLabel(t("to"), { exact: true });
	await from.fill("2026-03-02");
	await to.fill("2026-03-01");
	await v.page.getByText(t("fault.order")).waitFor();
	await from.fill("2024-01-01");
	await v.page.getByText(t("fault.long")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.getByRole("button", { name: t("span", { n: 7 }) }).click();
	await v.page.getByText(t("fault.long")).waitFor({ state: "detached" });
});

test("where nothing was measured, it says so", async () => {
	const v = await visit(world.url, { token: viewer, path: "/beta/indicadores" });
	await mustBeEmpty(v);
	await mustBeAccessibleInBothThemes(v.page);
});

test("the page says that it waits, what went wrong, and that there is no network", async () => {
	const v = await visit(world.url, { token: viewer, path: null });
	await mustShowItsStates(v, {
		path: PAGE,
		api: /\/kpis\/first-response$/,
		ready: panel(v, v.texts(texts)("first")).getByRole("row").nth(1),
	});
});

test("in English, on a phone, in the dark", async () => {
	const v = await visit(world.url, {
		token: viewer,
		path: PAGE,
		language: "en",
		device: "phone",
		theme: "dark",
	});
	const t = v.texts(texts);
	await panel(v, t("slowest")).getByRole("row").nth(4).waitFor();
	await v.page.getByRole("img", { name: t("chart.alt", { least: "3 min", most: "10 min" }) }).waitFor();
	await mustFitTheWidth(v.page);
});
