/*
 * From a rubric to a report that is believed or doubted: written, put into use, tried dry, run, read
 * beside its conversation. The tests follow each other, as the days of a manager do.
 */
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { number } from "../src/lib/format";
import { texts as jobTexts } from "../src/pages/JobProgress";
import { texts } from "../src/pages/analysis/messages";
import { texts as inboxTexts } from "../src/pages/inbox/messages";
import { visit, type Visit } from "./browser";
import { Desk } from "./desk";
import { mustBeAccessibleInBothThemes, mustFitTheWidth, mustShowItsStates, tabTo } from "./look";
import { until } from "./waiting";
import { World } from "./world";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const RUBRIC = { key: "atendimento-padrao", name: "Atendimento padrão", text: "Cumprimente e responda." };
const BEFORE_EDIT = "Preciso do produto até sexta-feira";
const AFTER_EDIT = "Preciso do produto até segunda-feira";

let world: World;
let desk: Desk;
let model = "";
let admin = "";
let viewer = "";

/* A talk of so many messages; `said` stands in it, so that the model knows how to behave. */
function talk(name: string, count: number, said?: string): string[] {
	return Array.from({ length: count }, (_, i) => {
		if (i === 2 && said !== undefined) return said;
		return i % 2 === 0 ? `${name} pergunta pela vez ${i + 1}` : `< Resposta ${i + 1} para ${name}`;
	});
}

function attended(name: string, agent: string, daysAgo: number, words: string[], tags: string[] = []): void {
	const start = new Date(Date.now() - daysAgo * DAY_MS);
	desk.add({ name, agent, start, end: new Date(start.getTime() + 2 * HOUR_MS), words, tags });
}

async function manners(is: string, latencyMs = 0): Promise<void> {
	const query = new URLSearchParams({ manners: is, latency_ms: String(latencyMs) });
	const answer = await fetch(`${model}/__sim/manners?${query.toString()}`, { method: "POST" });
	if (!answer.ok) throw new Error(`the model's manners: ${answer.status}`);
}

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	admin = await world.createToken({ role: "admin", clientSlug: "acme" });
	viewer = await world.createToken({ role: "viewer", clientSlug: "acme" });
	desk = await Desk.open(world, "acme");
	attended("Ana", "Carla", 3, talk("Ana", 60));
	attended("Bruno", "Diego", 4, talk("Bruno", 8, "quero um desconto sim:fabricated"));
	attended("Caio", "Carla", 5, talk("Caio", 8, "qual é o prazo? sim:unknown_id"));
	attended("Dora", "Diego", 6, talk("Dora", 8, BEFORE_EDIT));
	attended("Eva", "Diego", 7, talk("Eva", 8, "isto é um caso de polícia sim:refusal"));
	attended("Fábio", "Carla", 8, talk("Fábio", 8, "não entendi nada sim:broken_json*1"));
	attended("Gil", "Carla", 9, talk("Gil", 8), ["vip"]);
	await desk.import(world, "acme");
});
afterAll(async () => {
	await world.dispose();
	await desk.close();
});

const panel = (v: Visit, name: string): Locator => v.page.getByRole("region", { name, exact: true });

/* The figure beside its name, in a list of them. */
async function figure(of: Locator, name: string): Promise<string> {
	return await of.locator(`dt:text-is("${name}") + dd`).innerText();
}

/* Simulates, with sessions as short as ours. */
async function dryRun(v: Visit): Promise<Locator> {
	const t = v.texts(texts);
	await v.page.getByLabel(t("run.min")).fill("5");
	await v.page.getByRole("button", { name: t("run.dry"), exact: true }).click();
	const plan = panel(v, t("run.plan"));
	await plan.waitFor();
	return plan;
}

async function confirmRun(v: Visit): Promise<void> {
	const t = v.texts(texts);
	await v.page.getByRole("button", { name: t("run.go") }).click();
	await v.page
		.getByRole("dialog")
		.getByRole("button", { name: t("run.confirm.go") })
		.click();
	await v.page.getByRole("dialog").waitFor({ state: "detached" });
}

async function jobIs(v: Visit, status: "running" | "succeeded" | "partial" | "cancelled"): Promise<void> {
	const t = v.texts(texts);
	await panel(v, t("run.job"))
		.getByText(v.texts(jobTexts)(`status.${status}`), { exact: true })
		.waitFor();
}

test("where there is no rubric yet, each page says so, and leads to what comes first", async () => {
	const v = await visit(world.url, { token: admin, path: "/acme/avaliacoes" });
	const t = v.texts(texts);
	await v.page.getByText(t("empty.title")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.getByRole("link", { name: t("tab.run") }).click();
	await v.page.getByText(t("run.noScript")).waitFor();
	await v.page.getByText(t("run.last.none")).waitFor();
	await v.page
		.getByRole("main")
		.getByRole("link", { name: t("tab.scripts") })
		.last()
		.click();
	await v.page.getByText(t("scripts.empty")).waitFor();
	await v.page.getByRole("link", { name: t("scripts.new") }).click();
	await v.page.getByRole("heading", { name: t("edit.title") }).waitFor();
	await v.page.goBack();
	await v.page.getByText(t("scripts.empty")).waitFor();
	await v.done();

	const w = await visit(world.url, { token: viewer, path: "/acme/avaliacoes", language: "en" });
	const en = w.texts(texts);
	await w.page.getByText(en("empty.ask")).waitFor();
	await w.goto("/acme/avaliacoes/executar");
	await w.page.getByText(en("forbidden")).waitFor();
});

test("a rubric is written and put into use by keyboard alone; what is wrong is said where it is", async () => {
	const v = await visit(world.url, { token: admin, path: "/acme/avaliacoes/roteiros/novo" });
	const t = v.texts(texts);
	const { keyboard } = v.page;
	const name = v.page.getByLabel(t("scripts.name"), { exact: true });
	const topic = (n: number) => v.page.getByRole("group", { name: t("edit.topic", { n }) });
	await name.waitFor();

	await tabTo(v.page, v.page.getByRole("button", { name: t("edit.save") }));
	await keyboard.press("Enter");
	await v.page.getByText(t("edit.wrong", { n: 3 })).waitFor();
	expect(await name.evaluate((e) => e === document.activeElement)).toBe(true);
	expect(await v.page.getByText(t("edit.required")).count()).toBe(3);
	await mustBeAccessibleInBothThemes(v.page);

	await keyboard.type(RUBRIC.name);
	const key = v.page.getByLabel(t("scripts.key"), { exact: true }).first();
	expect(await key.inputValue()).toBe(RUBRIC.key);
	await tabTo(v.page, v.page.getByLabel(t("scripts.text"), { exact: true }));
	await keyboard.type(RUBRIC.text);

	/* Who looks at another page finds what was written. */
	await tabTo(v.page, v.page.getByRole("link", { name: t("scripts.back") }));
	await keyboard.press("Enter");
	await tabTo(v.page, v.page.getByRole("link", { name: t("scripts.new") }));
	await keyboard.press("Enter");
	await v.page.getByText(t("edit.restored")).waitFor();
	expect(await v.page.getByLabel(t("scripts.text"), { exact: true }).inputValue()).toBe(RUBRIC.text);
	await mustBeAccessibleInBothThemes(v.page);

	const add = v.page.getByRole("button", { name: t("edit.add") });
	const topics: [string, string][] = [
		["Saudação", "1"],
		["Clareza", "2,5"],
		["Clareza", "x"],
	];
	await tabTo(v.page, add);
	for (const [label, weight] of topics) {
		/* On the button, and then in the last topic: it goes on to the next, and saves nothing. */
		await keyboard.press("Enter");
		await keyboard.type(label);
		await keyboard.press("Tab");
		await keyboard.press("Tab");
		await keyboard.press("ControlOrMeta+A");
		await keyboard.type(weight);
	}
	await tabTo(v.page, v.page.getByRole("button", { name: t("edit.save") }));
	await keyboard.press("Enter");
	await topic(3).getByText(t("edit.topic.key.taken")).waitFor();
	await topic(3).getByText(t("edit.weight.wrong")).waitFor();
	await v.page.getByText(t("edit.wrong", { n: 2 })).waitFor();

	await tabTo(v.page, topic(3).getByRole("button", { name: t("edit.remove", { n: 3 }) }));
	await keyboard.press("Enter");
	await topic(3).waitFor({ state: "detached" });
	const up = topic(2).getByRole("button", { name: t("edit.up", { n: 2 }) });
	await tabTo(v.page, up);
	await keyboard.press("Enter");
	await expect.poll(() => topic(1).getByLabel(t("scripts.key")).inputValue()).toBe("clareza");

	await tabTo(v.page, v.page.getByRole("button", { name: t("edit.save") }));
	await keyboard.press("Enter");
	await v.page.getByText(t("edit.saved", { n: 1 })).waitFor();
	await v.page.getByRole("heading", { name: RUBRIC.name }).waitFor();
	const stored = await world.api("get", "/api/admin/{slug}/analysis-scripts", { path: { slug: "acme" } });
	expect(stored.data.map((s) => ({ key: s.scriptKey, active: s.isActive, topics: s.topics }))).toEqual([
		{
			key: RUBRIC.key,
			active: true,
			topics: [
				{ key: "clareza", label: "Clareza", weight: 2.5 },
				{ key: "saudacao", label: "Saudação", weight: 1 },
			],
		},
	]);
});

test("a second version shows what changed, and takes over once it is activated", async () => {
	const v = await visit(world.url, { token: admin, path: "/acme/avaliacoes/roteiros" });
	const t = v.texts(texts);
	await v.page.getByRole("link", { name: RUBRIC.name }).click();
	await v.page.getByRole("link", { name: t("scripts.newVersion") }).click();
	const text = v.page.getByLabel(t("scripts.text"), { exact: true });
	expect(await text.inputValue()).toBe(RUBRIC.text);
	await text.fill(`${RUBRIC.text}\nConfirme o <próximo> passo.`);
	await v.page.getByLabel(t("edit.activate")).uncheck();
	await v.page.getByRole("button", { name: t("edit.save") }).click();

	const diff = panel(v, t("scripts.diff"));
	await diff.getByText(`${t("added")}: Confirme o <próximo> passo.`).waitFor();
	await diff.getByText(t("scripts.noDiff")).waitFor();
	const versions = v.page.getByRole("group", { name: t("scripts.versions") });
	expect(await versions.getByRole("button", { pressed: true }).innerText()).toBe(t("version", { n: 2 }));
	await v.page.getByText(t("scripts.inactive"), { exact: true }).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.getByRole("button", { name: t("scripts.activate") }).click();
	await v.page.getByText(t("scripts.activated", { n: 2 })).waitFor();
	await v.page.getByText(t("scripts.active"), { exact: true }).waitFor();

	await v.page.getByRole("link", { name: t("scripts.back") }).click();
	await v.page.getByText(t("scripts.activeVersion", { n: 2 })).waitFor();
	await v.page.getByRole("link", { name: t("scripts.new") }).click();
	await v.page.getByLabel(t("scripts.name"), { exact: true }).fill(RUBRIC.name);
	await v.page.getByText(t("edit.key.taken")).waitFor();
});

test("without a model's key one is told after simulating, before anything is run", async () => {
	const v = await visit(world.url, { token: admin, path: "/acme/avaliacoes/executar" });
	const t = v.texts(texts);
	const plan = await dryRun(v);
	expect(await figure(plan, t("run.eligible"))).toBe("6");
	await plan.getByText(t("run.noKey")).waitFor();
	expect(await v.page.getByRole("button", { name: t("run.go") }).count()).toBe(0);
	await mustBeAccessibleInBothThemes(v.page);
});

test("dry-run, confirmation, the live queue and its end, by keyboard alone", async () => {
	model = await world.sim.model({ latencyMs: 300 });
	await world.restart({
		OPENAI_BASE_URL: `${model}/v1`,
		OPENAI_API_KEY: world.simKey,
		OPENAI_PRICES: "0.25,0.025,2",
	});
	const v = await visit(world.url, { token: admin, path: "/acme/avaliacoes/executar" });
	const t = v.texts(texts);
	const { keyboard } = v.page;
	const min = v.page.getByLabel(t("run.min"));
	await min.waitFor();
	await tabTo(v.page, min);
	await keyboard.press("ControlOrMeta+A");
	await keyboard.type("100");
	await keyboard.press("Enter");
	await v.page.getByText(t("run.nothing")).waitFor();
	await keyboard.press("ControlOrMeta+A");
	await keyboard.type("5");
	await keyboard.press("Enter");
	const plan = panel(v, t("run.plan"));
	await plan.getByText(t("run.estimate", { n: 6 })).waitFor();
	expect(await figure(plan, t("run.wouldEnqueue"))).toBe("6");
	expect(await plan.getByText(/US\$\s*0,0\d/).count()).toBe(1);

	await tabTo(v.page, v.page.getByRole("button", { name: t("run.go") }));
	await keyboard.press("Enter");
	const dialog = v.page.getByRole("dialog", { name: t("run.confirm") });
	await dialog.waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	await keyboard.press("Enter");
	await tabTo(v.page, dialog.getByRole("button", { name: t("run.confirm.go") }));
	await keyboard.press("Enter");
	await jobIs(v, "running");
	const job = panel(v, t("run.job"));
	const seen = new Set<string>();
	await until("the run is seen to go on, and to end", async () => {
		seen.add(await figure(job, t("run.processed")));
		return (await job.getByText(v.texts(jobTexts)("status.partial"), { exact: true }).count()) > 0;
	});
	expect(seen.size).toBeGreaterThan(2);
	expect(await figure(job, t("run.processed"))).toBe("4");
	expect(await figure(job, t("run.failed"))).toBe("2");
	expect(await figure(job, t("run.costSoFar"))).toMatch(/^US\$\s*0,0/);
	await job.getByText(t("run.someFailed", { n: 2 })).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await tabTo(v.page, job.getByRole("link", { name: t("run.see"), exact: true }));
	await keyboard.press("Enter");
	await panel(v, t("ranking")).waitFor();
});

test("what failed is told with its reason, and is tried again", async () => {
	const v = await visit(world.url, { token: admin, path: "/acme/avaliacoes" });
	const t = v.texts(texts);
	const failures = panel(v, t("failures"));
	await failures.getByRole("row").nth(2).waitFor();
	const refused = failures.getByRole("row").filter({ hasText: t("report.error.refusal") });
	await refused.getByText(t("failures.never")).waitFor();
	const broken = failures.getByRole("row").filter({ hasText: t("report.error.invalid_json") });
	await broken.getByText("Carla").waitFor();
	await refused.getByRole("link").click();
	await v.page.getByText(t("report.failed")).waitFor();
	await v.page.getByText(t("report.failed.final")).waitFor();
	await v.page.getByText("sim:refusal").waitFor();
	await mustBeAccessibleInBothThemes(v.page);

	await v.page.getByRole("link", { name: t("failures.retry") }).click();
	expect(await v.page.getByLabel(t("run.retry")).isChecked()).toBe(true);
	const plan = await dryRun(v);
	expect(await figure(plan, t("run.failedPermanent"))).toBe("1");
	await confirmRun(v);
	await jobIs(v, "partial");
	expect(await figure(panel(v, t("run.job")), t("run.processed"))).toBe("1");
	await v.page.getByRole("link", { name: t("run.seeFailed") }).click();
	await until("one is left", async () => (await failures.getByRole("row").count()) === 2);
});

test("the results add up: average, trend, temperature, agents, topics, ranking", async () => {
	const v = await visit(world.url, { token: viewer, path: "/acme/avaliacoes" });
	const t = v.texts(texts);
	const path = { slug: "acme" };
	const { items } = await world.api("get", "/api/tenant/{slug}/session-analyses/ranking", { path });
	const { results } = await world.api("get", "/api/tenant/{slug}/session-analyses/summary", { path });
	expect(items.length).toBe(5);
	const rows = panel(v, t("ranking")).getByRole("row");
	await rows.nth(5).waitFor();
	const shown = await rows.locator("td:first-child").allInnerTexts();
	expect(shown.map(Number)).toEqual(items.map((i) => Math.round(i.overallScore)));
	const average = number("pt-BR", results.avgOverallScore, 1);
	expect(await v.page.getByText(t("average"), { exact: true }).first().locator("+ div").innerText()).toBe(
		average,
	);

	const trend = panel(v, t("trend"));
	await trend.getByText(t("trend.table")).click();
	const today = trend.getByRole("row").last();
	expect(await today.getByRole("cell").last().innerText()).toBe("5");
	const agents = panel(v, t("agents")).getByRole("row");
	expect(
		(await agents.allInnerTexts())
			.slice(1)
			.map((x) => x.split("\t").slice(0, 2))
			.sort(),
	).toEqual([
		["Carla", "3"],
		["Diego", "2"],
	]);
	const topics = await panel(v, t("topics")).getByRole("row").allInnerTexts();
	expect(
		topics
			.slice(1)
			.map((x) => x.split("\t")[0])
			.sort(),
	).toEqual(["Clareza", "Saudação"]);
	const warm = await panel(v, t("temperature")).locator("progress").count();
	expect(warm).toBe(4);
	await mustBeAccessibleInBothThemes(v.page);

	await v.page.getByRole("combobox", { name: t("period") }).selectOption("7");
	await v.page.waitForURL(/dias=7/);
	await rows.nth(5).waitFor();
	await rows
		.nth(1)
		.getByRole("link", { name: items[0]?.summary ?? "" })
		.click();
	await v.page.getByRole("region", { name: t("report"), exact: true }).waitFor();
	await v.page.goBack();
	await rows.nth(5).waitFor();
});

/* The report of who wrote that. */
async function reportOf(said: string): Promise<string> {
	const { items } = await world.api("get", "/api/tenant/{slug}/session-analyses/ranking", {
		path: { slug: "acme" },
	});
	for (const { sessionId } of items) {
		const { session } = await world.api("get", "/api/sessions/{id}", { path: { id: sessionId } });
		const page = await world.api("get", "/api/conversations/{id}/messages", {
			path: { id: session.conversationId ?? "" },
			query: { limit: 100 },
		});
		if (page.data.some((m) => m.body?.includes(said) === true))
			return `/acme/avaliacoes/sessao/${sessionId}`;
	}
	throw new Error(`nobody who was assessed said ${said}`);
}

async function mustBeLit(v: Visit, excerpt: string): Promise<void> {
	const thread = v.page.getByRole("log", { name: v.texts(inboxTexts)("thread") });
	const lit = thread.locator("[data-lit]");
	await until(
		"the message is lit, marked and in view",
		async () => {
			if ((await lit.count()) !== 1 || (await lit.locator("mark").count()) !== 1) return false;
			const box = await lit.boundingBox();
			const frame = await thread.boundingBox();
			return (
				box !== null &&
				frame !== null &&
				box.y >= frame.y &&
				box.y + box.height <= frame.y + frame.height
			);
		},
		{ seen: () => excerpt },
	);
	expect(await lit.locator("mark").innerText()).toBe(excerpt);
}

test("a report beside its conversation: an evidence lights up what was said", async () => {
	const path = await reportOf("Ana pergunta pela vez 1");
	const v = await visit(world.url, { token: viewer, path });
	const t = v.texts(texts);
	const report = v.page.getByRole("region", { name: t("report"), exact: true });
	const verified = report.getByRole("button").filter({ hasText: t("evidence.verified") });
	await verified.first().waitFor();
	const all = await verified.all();
	expect(all.length).toBeGreaterThan(1);
	for (const one of [all.at(-1), all[0]]) {
		if (one === undefined) continue;
		await one.click();
		await mustBeLit(v, await one.locator("q").evaluate((e) => e.textContent));
		expect(await one.getAttribute("aria-pressed")).toBe("true");
	}
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.goBack();
	await mustBeLit(v, await (all.at(-1) ?? verified).locator("q").evaluate((e) => e.textContent));

	const made = panel(v, t("report.meta"));
	expect(await figure(made, t("report.model"))).toMatch(/^gpt-5-mini/);
	expect(await figure(made, t("report.cost"))).toMatch(/^US\$\s*0,00/);
	expect(await figure(made, t("report.hash"))).toMatch(/^[0-9a-f]{64}$/);
});

test("what the model made up is marked, and cannot be mistaken for a quotation", async () => {
	const v = await visit(world.url, { token: viewer, path: await reportOf("sim:fabricated") });
	const t = v.texts(texts);
	const made = v.page.getByRole("button").filter({ hasText: t("evidence.unverified") });
	await made.first().waitFor();
	const n = await made.count();
	await v.page.getByText(t("report.unverified", { n })).waitFor();
	await made.first().click();
	const lit = v.page.getByRole("log").locator("[data-lit]");
	await lit.waitFor();
	expect(await lit.locator("mark").count()).toBe(0);
	await mustBeAccessibleInBothThemes(v.page);
	await v.goto(await reportOf("sim:unknown_id"));
	const nowhere = v.page.getByRole("button", { disabled: true }).filter({ hasText: /\(m\d+\)|\(\S+\)$/ });
	await nowhere.first().waitFor();
});

test("a conversation that changes afterwards makes its report outdated, while one looks", async () => {
	const v = await visit(world.url, { token: viewer, path: await reportOf(BEFORE_EDIT) });
	const t = v.texts(texts);
	await v.page.getByText(BEFORE_EDIT, { exact: true }).first().waitFor();
	desk.edit(BEFORE_EDIT, AFTER_EDIT);
	await desk.import(world, "acme");
	await v.page.getByText(t("report.stale")).waitFor();
	await v.page.getByRole("log").getByText(AFTER_EDIT).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.getByRole("link", { name: t("report.back") }).click();
	await panel(v, t("ranking")).getByText(t("stale"), { exact: true }).waitFor();
});

test("a run is stopped; a model that asks for a pause gets one, and one sees until when", async () => {
	const v = await visit(world.url, { token: admin, path: "/acme/avaliacoes/executar" });
	const t = v.texts(texts);
	const job = panel(v, t("run.job"));
	await manners("none", 20_000);
	await v.page.getByLabel(t("run.force")).check();
	await dryRun(v);
	await confirmRun(v);
	await jobIs(v, "running");
	await job.getByRole("button", { name: v.texts(jobTexts)("stop") }).click();
	await jobIs(v, "cancelled");
	await job.getByText(t("run.reason", { reason: t("run.reason.cancelled") })).waitFor();

	await manners("429_bare=1000");
	await dryRun(v);
	await confirmRun(v);
	const [before = ""] = texts["run.paused"][0].split("{at}");
	const pause = job.getByRole("status").filter({ hasText: before });
	await pause.waitFor();
	expect(await pause.innerText()).toMatch(/\d\d:\d\d:\d\d\.$/);
	await mustBeAccessibleInBothThemes(v.page);
	await manners("none");
	await jobIs(v, "partial");
	await pause.waitFor({ state: "detached" });
});

test("each page says that it waits, what went wrong, and that there is no network", async () => {
	const v = await visit(world.url, { token: admin, path: null });
	const t = v.texts(texts);
	await mustShowItsStates(v, {
		path: "/acme/avaliacoes",
		api: /session-analyses\/summary$/,
		ready: panel(v, t("topics")).getByRole("row").nth(2),
	});
	await mustShowItsStates(v, {
		path: "/acme/avaliacoes/roteiros",
		api: "/api/admin/acme/analysis-scripts",
		ready: v.page.getByRole("link", { name: RUBRIC.name }),
	});
	await mustShowItsStates(v, {
		path: await reportOf("Ana pergunta pela vez 1"),
		api: /session-analyses\/details$/,
		ready: v.page.getByRole("log").getByRole("link"),
	});
});

test("in English, on a phone: results, a report and back, scripts, a run", async () => {
	const v = await visit(world.url, {
		token: admin,
		path: "/acme/avaliacoes",
		language: "en",
		device: "phone",
		theme: "dark",
	});
	const t = v.texts(texts);
	await panel(v, t("topics")).getByRole("row").nth(2).waitFor();
	await mustFitTheWidth(v.page);
	await v.goto(await reportOf("Ana pergunta pela vez 1"));
	const verified = v.page.getByRole("button").filter({ hasText: t("evidence.verified") });
	await verified.first().waitFor();
	await mustFitTheWidth(v.page);
	const excerpt = await verified
		.first()
		.locator("q")
		.evaluate((e) => e.textContent);
	await verified.first().click();
	await mustBeLit(v, excerpt);
	await mustFitTheWidth(v.page);
	await v.page.getByRole("button", { name: t("report.backToReport") }).click();
	await verified.first().waitFor();
	for (const [path, name] of [
		["roteiros/novo?de=atendimento-padrao", t("edit.save")],
		[`roteiros/${RUBRIC.key}`, t("version", { n: 1 })],
		["executar", t("run.dry")],
	] as const) {
		await v.goto(`/acme/avaliacoes/${path}`);
		await v.page.getByRole("button", { name }).waitFor();
		await mustFitTheWidth(v.page);
	}
	expect(await v.page.locator("html").getAttribute("lang")).toBe("en");
});
