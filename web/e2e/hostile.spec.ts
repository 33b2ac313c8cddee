/* What comes from outside is text: it runs nothing, and it fits, whatever it is made of. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import { texts as journalTexts } from "../src/pages/webhooks/messages";
import { texts as analysis } from "../src/pages/analysis/messages";
import { texts } from "../src/pages/inbox/messages";
import { visit, type Device, type Visit } from "./browser";
import { Desk } from "./desk";
import { bubble, conversationOf, details, rows, thread } from "./inboxPage";
import { Judge, type Verdict } from "./judge";
import { mustBeAccessible, mustFitTheWidth } from "./look";
import { until } from "./waiting";
import { received, statuses, echoed, text, type Person } from "./webhook";
import { World, type Number } from "./world";

const PWN = "window.pwned=1";
const SCRIPT = `<script>${PWN}</script><img src=x onerror="${PWN}"><svg/onload=${PWN}>`;
const WORD = "a".repeat(10_000);
/* A right-to-left override, isolates that nobody ends, and Arabic and Hebrew among Latin. */
const TURNED = "antes \u202Egnp.exe \u2067\u2066 مرحبا بالعالم שלום depois";
const ZALGO = Array.from("Zalgo vem aí", (c) => c + "\u0300\u0316\u0489\u0334\u033F\u035C".repeat(12)).join(
	"",
);
const EMOJI = "👩‍👩‍👧‍👦🏴‍☠️🇧🇷".repeat(60);
const LINES = Array.from({ length: 60 }, (_, i) => `linha ${i}`).join("\n");
const LINK = `javascript:${PWN}//`;

const TEXTS = [SCRIPT, WORD, TURNED, ZALGO, EMOJI, LINES, LINK, "{{7*7}} ${7*7} &lt;b&gt; \\u003cb\\u003e"];

/* One after the other, so that they stand in this order. */
const begun = Date.now() - 60_000;
let n = 0;
const next = () => new Date(begun + 1000 * ++n);

const people: Person[] = [
	{ waId: "5511987650201", name: SCRIPT },
	{ waId: "5511987650202", name: WORD.slice(0, 2000) },
	{ waId: "5511987650203", name: TURNED },
	{ waId: "5511987650204", name: ZALGO },
	{ waId: "5511987650205", name: EMOJI },
	{ waId: "5511987650206", name: LINES },
];
const [first] = people as [Person];

let world: World;
let number: Number;
let id = "";
let judge: Judge;
let desk: Desk;

const RUBRIC = {
	scriptKey: "mau",
	name: `Roteiro ${SCRIPT}`,
	scriptText: `${SCRIPT}\n${WORD}\n${TURNED}`,
	topics: [SCRIPT, WORD.slice(0, 400), TURNED, ZALGO.slice(0, 400)].map((label, i) => ({
		key: `t${i}`,
		label,
		weight: 1,
	})),
};
/* Each within what the server takes, and no more harmless than that. */
const VERDICT: Verdict = {
	score: 50,
	temperature: "warm",
	summary: `${SCRIPT} ${WORD} ${TURNED}`,
	topics: [SCRIPT, WORD.slice(0, 7000), TURNED, ZALGO].map((notes) => [50, notes]),
	issues: [
		{ key: SCRIPT, severity: "high", notes: SCRIPT, excerpts: [SCRIPT, `${SCRIPT} que ninguém disse`] },
		{ key: WORD.slice(0, 500), severity: "low", notes: TURNED, excerpts: [WORD.slice(0, 3000), TURNED] },
	],
	highlights: [
		{ key: ZALGO.slice(0, 200), notes: ZALGO, excerpts: [ZALGO.slice(0, 1000), EMOJI.slice(0, 600)] },
	],
	recommendations: [SCRIPT, WORD.slice(0, 3000), TURNED, ZALGO, EMOJI, LINES],
};

/* One session at a helpdesk in which all of it was said, graded in the same manner. */
async function gradeTheWorst(): Promise<void> {
	await world.client("nota", "Nota");
	desk = await Desk.open(world, "nota");
	const start = new Date(Date.now() - 3 * 86_400_000);
	const end = new Date(start.getTime() + 3_600_000);
	desk.add({ name: SCRIPT, agent: TURNED, start, end, words: [...TEXTS, `< ${SCRIPT} de volta`] });
	await desk.import(world, "nota");
	const path = { slug: "nota" };
	await world.api("post", "/api/admin/{slug}/analysis-scripts", {
		path,
		body: { ...RUBRIC, isActive: true },
	});
	const ran = await world.request("post", "/api/admin/nota/session-analyses/run", {
		body: { scriptKey: RUBRIC.scriptKey, minMessages: 2 },
	});
	const { job } = ran.body as { job?: { id: string } };
	if (job !== undefined) await world.jobEnded(job.id);
}

beforeAll(async () => {
	judge = await Judge.open(RUBRIC, () => VERDICT);
	world = await World.start({ settings: { OPENAI_BASE_URL: judge.url, OPENAI_API_KEY: "sk-test" } });
	await gradeTheWorst();
	await world.client("acme", `Acme ${SCRIPT}`);
	number = await world.connection("acme");
	for (const [i, person] of people.entries())
		await world.postWebhook(received(number, person, text(`wamid.list-${i}`, next(), TEXTS[i] ?? "")));
	const media = { id: "1", mime_type: "application/pdf", sha256: "00" };
	await world.postWebhook(
		received(
			number,
			first,
			...TEXTS.map((words, i) => text(`wamid.evil-${i}`, next(), words)),
			...[SCRIPT, WORD.slice(0, 3000), TURNED, ZALGO].map((filename, i) => ({
				id: `wamid.file-${i}`,
				at: next(),
				type: "document",
				document: { ...media, id: `file-${i}`, filename, caption: SCRIPT },
			})),
			{
				id: "wamid.place",
				at: next(),
				type: "location",
				location: { latitude: 1, longitude: 2, name: SCRIPT, address: WORD, url: LINK },
			},
			{
				id: "wamid.card",
				at: next(),
				type: "contacts",
				contacts: [{ name: { formatted_name: SCRIPT }, phones: [{ phone: WORD }] }],
			},
			{ id: "wamid.odd", at: next(), type: SCRIPT, [SCRIPT]: { body: SCRIPT } },
			text("wamid.quoting", next(), "cita", { context: { id: "wamid.evil-1" } }),
			{
				id: "wamid.reacts",
				at: next(),
				type: "reaction",
				reaction: { message_id: "wamid.quoting", emoji: `<b>${"👍".repeat(40)}` },
			},
			{
				id: "wamid.edits",
				at: next(),
				type: "edit",
				edit: {
					original_message_id: "wamid.evil-0",
					message: { type: "text", text: { body: `editado ${SCRIPT}` } },
				},
			},
		),
	);
	await world.postWebhook(echoed(number, first, text("wamid.echo", next(), "resposta que falha")));
	await world.postWebhook(
		statuses(number, first, {
			id: "wamid.echo",
			at: next(),
			status: "failed",
			errors: [{ code: 1, title: SCRIPT, error_data: { details: `${SCRIPT} ${WORD}` } }],
		}),
	);
	await world.applied();
	id = await conversationOf(world, "acme", first.waId);
});
afterAll(async () => {
	judge.close();
	await world.dispose();
	await desk.close();
});

async function mustBeHarmless(v: Visit): Promise<void> {
	expect(await v.page.evaluate(() => "pwned" in window)).toBe(false);
	/* Nothing of it became an element, nor an address that runs. */
	expect(
		await v.page
			.locator("img[src=x], svg[onload], [onerror], main script, main b, [href^='javascript:']")
			.count(),
	).toBe(0);
	await mustFitTheWidth(v.page);
}

test.each<{ device: Device; theme: "light" | "dark" }>([
	{ device: "desktop", theme: "light" },
	{ device: "phone", theme: "dark" },
])("in the list, the thread and the details, on a $device", async (look) => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/conversas", ...look });
	const t = v.texts(texts);
	await until("all are listed", async () => (await rows(v).count()) === people.length);
	await mustBeHarmless(v);
	await rows(v).filter({ hasText: "<script>" }).first().waitFor();
	/* Each row is as high as the others, and nothing of one is painted over the next. */
	for (const row of await rows(v).all()) expect((await row.boundingBox())?.height).toBe(64);

	await v.goto(`/acme/conversas/${id}`);
	await bubble(v, "resposta que falha").waitFor();
	await bubble(v, "editado").first().waitFor();
	const box = await thread(v).boundingBox();
	for (const one of await thread(v).getByRole("article").all()) {
		const b = await one.boundingBox();
		expect((b?.x ?? 0) + (b?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
		expect(b?.height).toBeLessThan(2500);
	}
	expect(await thread(v).evaluate((e) => e.scrollWidth - e.clientWidth)).toBeLessThanOrEqual(0);
	await bubble(v, "linha 0").last().scrollIntoViewIfNeeded();
	const word = bubble(v, WORD.slice(0, 100)).filter({ hasText: t("showAll") });
	await word.getByRole("button", { name: t("showAll") }).click();
	expect(await bubble(v, WORD).count()).toBe(1);
	expect(await bubble(v, t("media.pending")).getByText("gnp.exe").innerText()).not.toMatch(
		/[\u202A-\u202E]/,
	);
	await thread(v)
		.getByRole("button", { name: t("edited.show") })
		.click();
	await thread(v).getByText(SCRIPT, { exact: true }).first().waitFor();
	await mustBeHarmless(v);
	await mustBeAccessible(v.page);
	if (look.device === "phone") await v.page.getByRole("button", { name: t("details") }).click();
	await details(v).getByText(SCRIPT).waitFor();
	await mustBeHarmless(v);
});

test("in the journal and the payload viewer, and where the client is named", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks", device: "phone" });
	const t = v.texts(journalTexts);
	await v.page
		.getByRole("button", { name: v.texts(common)("client.switch", { name: `Acme ${SCRIPT}` }) })
		.waitFor();
	const found = await world.api("get", "/api/webhook-events", { query: { limit: 200 } });
	for (const entry of found.data.slice(0, 3)) {
		await v.goto(`/acme/webhooks/${entry.id}`);
		await v.page
			.getByRole("region", { name: t("payload") })
			.getByText("messaging_product")
			.first()
			.waitFor();
		await mustBeHarmless(v);
	}
	await mustBeAccessible(v.page);
});

test.each<{ device: Device; theme: "light" | "dark" }>([
	{ device: "desktop", theme: "dark" },
	{ device: "phone", theme: "light" },
])("in a report, its quotations, its rubric and the ranking, on a $device", async (look) => {
	const v = await visit(world.url, { token: world.adminToken, path: "/nota/avaliacoes", ...look });
	const t = v.texts(analysis);
	await v.page.getByRole("heading", { name: t("ranking") }).waitFor();
	await v.page.getByRole("cell").getByText("<script>").first().waitFor();
	await mustBeHarmless(v);
	await mustBeAccessible(v.page);

	await v.goto("/nota/avaliacoes/roteiros/mau");
	await v.page.getByText(SCRIPT).first().waitFor();
	await mustBeHarmless(v);

	const ranked = await world.api("get", "/api/tenant/{slug}/session-analyses/ranking", {
		path: { slug: "nota" },
		query: { scriptKey: RUBRIC.scriptKey, limit: 10 },
	});
	const session = JSON.stringify(ranked).match(/"sessionId":"([^"]+)"/)?.[1] ?? "";
	await v.goto(`/nota/avaliacoes/sessao/${session}`);
	await v.page.getByText(t("evidence.unverified")).first().waitFor();
	await mustBeHarmless(v);
	await mustBeAccessible(v.page);
	/* What was said word for word is found, whatever it is made of. */
	await v.page.getByRole("button", { name: SCRIPT }).first().click();
	await v.page.locator("[data-lit]").waitFor();
	await mustBeHarmless(v);
});
