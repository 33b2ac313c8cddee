/* Numbers: how one comes in, its history as it arrives, what is wrong with it and how it leaves. */
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import { phone } from "../src/lib/format";
import { texts } from "../src/pages/whatsapp/messages";
import { visit, type Visit } from "./browser";
import {
	mustBeAccessible,
	mustBeAccessibleInBothThemes,
	mustFitTheWidth,
	mustShowItsStates,
	tabTo,
} from "./look";
import { engine } from "./postgres";
import { World, type Number, type SimOptions } from "./world";

const DECLINES = ["envelope", "bare", "value", "metadata"] as const;
/* A chunk in each phase, three in the two longer ones; 55 % is the third of phase 1. */
const HISTORY: SimOptions = { people: 12, messages: 120, chunkMessages: 20, contacts: 20 };

const LOGGED = [
	"log.connection.registered",
	"log.history_sync.syncing",
	"log.history_sync.completed",
] as const;

let world: World;
let admin = "";
let viewer = "";
const declined: Number[] = [];
let plain: Number;
let cloud: Number;
let cut: Number;
let waiting: Number;
let leaving: Number;

beforeAll(async () => {
	world = await World.start();
	for (const slug of ["acme", "vazia", "recusa", "fim"]) await world.client(slug);
	admin = await world.createToken({ role: "admin", clientSlug: "vazia" });
	viewer = await world.createToken({ role: "viewer", clientSlug: "vazia" });
	for (const decline of DECLINES) {
		const number = await world.connection("recusa");
		declined.push(number);
		world.sim.meta(number, { only: "history", decline });
	}
	plain = await world.connection("fim", { historySync: false });
	cloud = await world.connection("fim", { mode: "cloud_api" });
	cut = await world.connection("fim");
	waiting = await world.connection("fim");
	leaving = await world.connection("fim");
});
afterAll(async () => await world.dispose());

const card = (v: Visit, n: { displayNumber: string }) =>
	v.page.getByRole("region", { name: phone(n.displayNumber), exact: true });

const field = (v: Visit, key: "number" | "phoneNumberId" | "wabaId" | "token") =>
	v.page.getByLabel(v.texts(texts)(key), { exact: true });

/* What stands beside a field and is read with it. */
async function said(page: Page, label: string): Promise<{ invalid: string | null; text: string }> {
	const input = page.getByLabel(label, { exact: true });
	const id = (await input.getAttribute("aria-describedby")) ?? "";
	return {
		invalid: await input.getAttribute("aria-invalid"),
		text: await page.locator(`[id="${id}"]`).innerText(),
	};
}

function chunkOf(body: string): { phase: "0" | "1" | "2"; chunk: number; progress: number } {
	const told = /"phase":([012]),"chunk_order":(\d+),"progress":(\d+)/.exec(body);
	if (told === null) throw new Error(`no chunk of history: ${body.slice(0, 200)}`);
	return { phase: told[1] as "0" | "1" | "2", chunk: Number(told[2]), progress: Number(told[3]) };
}

/* In a list of names and values. */
async function mustTell(within: Locator, name: string, value: string): Promise<void> {
	const beside = within.getByText(name, { exact: true }).locator("xpath=following-sibling::dd[1]");
	await beside.getByText(value, { exact: true }).waitFor();
}

describe("without a number", () => {
	test("it is said what one brings, and how to connect one", async () => {
		const v = await visit(world.url, { token: admin, path: "/vazia/whatsapp" });
		const t = v.texts(texts);
		await v.page.getByText(t("empty.text")).waitFor();
		await mustBeAccessibleInBothThemes(v.page);
		await v.page
			.getByRole("main")
			.getByRole("link", { name: t("new") })
			.last()
			.click();
		await v.page.waitForURL("**/vazia/whatsapp/nova");
		await v.page.goBack();
		await v.page.getByText(t("empty.title")).waitFor();
	});

	test("a viewer is told whom to ask, here and at the form's own address", async () => {
		const v = await visit(world.url, { token: viewer, path: "/vazia/whatsapp", language: "en" });
		const t = v.texts(texts);
		await v.page.getByText(t("empty.ask")).waitFor();
		expect(await v.page.getByRole("link", { name: t("new") }).count()).toBe(0);
		await v.goto("/vazia/whatsapp/nova");
		await v.page.getByText(t("new.forbidden")).waitFor();
	});
});

describe("a new instance", () => {
	test("says what each kind is, offers the history only where there is one, and what META settings miss", async () => {
		const v = await visit(world.url, { token: world.adminToken, path: "/vazia/whatsapp/nova" });
		const t = v.texts(texts);
		const history = v.page.getByRole("checkbox", { name: t("new.history") });
		expect(await v.page.getByRole("radio", { name: t("new.coexistence") }).isChecked()).toBe(true);
		expect(await history.isChecked()).toBe(true);
		await v.page.getByRole("radio", { name: t("new.cloud_api") }).check();
		expect(await history.count()).toBe(0);
		await v.page.getByText(t("new.cloud_api.hint")).waitFor();
		await v.page.getByRole("radio", { name: t("new.coexistence") }).check();
		await history.uncheck();
		const signup = v.page.getByRole("button", { name: t("new.signup") });
		expect(await signup.isDisabled()).toBe(true);
		const why = t("new.signup.missing", { names: "META_APP_ID e META_CONFIG_ID" });
		await v.page.getByRole("status").getByText(why, { exact: true }).waitFor();
		await mustBeAccessibleInBothThemes(v.page);
	});

	test("what the server refuses is said at its field, in its place", async () => {
		const v = await visit(world.url, { token: admin, path: "/vazia/whatsapp/nova", device: "phone" });
		const t = v.texts(texts);
		v.expectProblem(/^console error: .* 400 .*\/connections\)$/);
		const save = v.page.getByRole("button", { name: t("new.save") });
		expect(await save.isDisabled()).toBe(true);
		let asked = 0;
		v.page.on("request", (r) => {
			if (r.method() === "POST" && r.url().endsWith("/connections")) asked++;
		});
		await field(v, "phoneNumberId").fill("12a");
		expect(await said(v.page, t("phoneNumberId"))).toEqual({ invalid: "true", text: t("wrong.digits") });
		await field(v, "number").fill("ligue já");
		await field(v, "phoneNumberId").fill("1".repeat(33));
		await field(v, "wabaId").fill("2".repeat(33));
		await field(v, "token").fill("x".repeat(4097));
		await save.click();
		await v.page.getByRole("alert").waitFor();
		const wrong = {
			number: "number",
			phoneNumberId: "digits",
			wabaId: "digits",
			token: "token",
		} as const;
		for (const key of ["number", "phoneNumberId", "wabaId", "token"] as const)
			expect(await said(v.page, t(key)), key).toEqual({
				invalid: "true",
				text: t(`wrong.${wrong[key]}`),
			});
		/* Once, and not again beside the button. */
		expect(await v.page.getByText(t("wrong.number")).count()).toBe(1);
		/* One without its country is not sent at all. */
		await field(v, "number").fill("(11) 3000-0001");
		await save.click();
		await v.page.getByText(t("wrong.country")).waitFor();
		expect(asked).toBe(1);
		await mustBeAccessible(v.page);
		await mustFitTheWidth(v.page);
	});

	test("a number that is connected already is refused in words", async () => {
		const v = await visit(world.url, {
			token: world.adminToken,
			path: "/vazia/whatsapp/nova",
			language: "en",
		});
		const t = v.texts(texts);
		v.expectProblem(/^console error: .* 409 .*\/connections\)$/);
		await field(v, "number").fill(`+${plain.displayNumber}`);
		await field(v, "phoneNumberId").fill(plain.phoneNumberId);
		await field(v, "wabaId").fill("77");
		await v.page.getByRole("button", { name: t("new.save") }).click();
		await v.page
			.getByRole("alert")
			.getByText(v.texts(common)("why.number_taken"), { exact: true })
			.waitFor();
	});
});

test("a number registered by keyboard alone is watched, without a reload, from consent to the end", async () => {
	const number: Number = {
		id: "",
		clientSlug: "acme",
		phoneNumberId: "555444333222",
		wabaId: "999888777",
		displayNumber: "5511987654321",
	};
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/whatsapp" });
	const t = v.texts(texts);
	const { page } = v;
	await page.getByText(t("empty.title")).waitFor();
	await tabTo(page, page.getByRole("link", { name: t("new") }).first());
	await page.keyboard.press("Enter");
	await page.waitForURL("**/acme/whatsapp/nova");
	await tabTo(page, field(v, "number"));
	await page.keyboard.type("+55 11 98765-4321");
	await page.keyboard.press("Tab");
	await page.keyboard.type(number.phoneNumberId);
	await page.keyboard.press("Tab");
	await page.keyboard.type(number.wabaId);
	await page.keyboard.press("Enter");
	await page.waitForURL(/\/acme\/whatsapp\/[0-9a-f-]{36}$/);
	number.id = page.url().split("/").at(-1) ?? "";
	await page.getByRole("status").getByText(t("new.saved")).waitFor();

	/* One page on the number, another on all of them; neither is loaded again. */
	const list = await v.context.newPage();
	await list.goto(`${world.url}/acme/whatsapp`);
	const onList = list.getByRole("region", { name: "+55 11 98765-4321", exact: true });
	const history = page.getByRole("region", { name: t("history"), exact: true });
	const loads: string[] = [];
	for (const p of [page, list]) p.on("framenavigated", (frame) => loads.push(frame.url()));
	const both = async (badge: string) => {
		const text = t("history.badge", { state: badge });
		for (const at of [onList, history]) await at.getByText(text, { exact: true }).waitFor();
	};

	await both(t("history.pending_consent"));
	await onList.getByText(t("history.pending_consent"), { exact: true }).waitFor();
	await page.getByText(t("remedy.pending_consent")).waitFor();
	await page.getByText(t("chunks.none")).waitFor();
	await tabTo(list, onList.locator("[aria-describedby]").first());
	await onList.getByRole("tooltip").getByText(t("consentTip")).waitFor();

	const [contacts = "", ...chunks] = await world.bodies(number, { ...HISTORY, only: "contacts,history" });
	await world.postWebhook(contacts);
	await both(t("history.pending_history"));
	await onList.getByText(t("why.pending_history")).waitFor();
	await history.getByText(t("why.pending_history")).waitFor();

	/* The second of phase 1 loses its way and comes last. */
	const late = chunks.splice(2, 1)[0] ?? "";
	const gap = page.getByText(t("gaps.one", { phase: t("phase.1"), from: 2 }));
	const rows = page.getByRole("region", { name: t("chunks") }).getByRole("row");
	const seen: string[] = [];
	for (const [at, body] of chunks.entries()) {
		const { phase, chunk, progress } = chunkOf(body);
		await world.postWebhook(body);
		await both(`${progress}%`);
		await rows.nth(at + 1).waitFor(); /* after the head */
		if (progress === 100) break;
		seen.push(phase);
		await onList.getByText(t("history.syncing"), { exact: true }).waitFor();
		await onList.getByText(`${t(`phase.${phase}`)} · ${t("chunk", { n: chunk })}`).waitFor();
		for (const where of [onList, history])
			expect(await where.getByRole("progressbar").getAttribute("value")).toBe(String(progress));
		if (progress === 55) await mustBeAccessibleInBothThemes(list);
	}
	expect(seen).toEqual(["0", "1", "1", "2", "2"]);
	await gap.waitFor();
	await history.getByText(t("why.completed.gaps")).waitFor();
	await mustBeAccessibleInBothThemes(page);

	await world.postWebhook(late);
	await gap.waitFor({ state: "detached" });
	await history.getByText(t("why.completed"), { exact: true }).waitFor();
	await onList.getByText(t("history.completed"), { exact: true }).waitFor();
	const counters = (await world.look(number)).historyCounters;
	expect(counters?.messagesImported).toBe(120);
	expect(counters?.chunks).toBe(7);
	for (const key of [
		"messagesImported",
		"messagesDuplicate",
		"contactsImported",
		"threads",
		"chunks",
	] as const)
		await mustTell(history, t(`c.${key}`), String(counters?.[key]));
	await onList.getByText(t("messages", { n: 120 })).waitFor();
	const log = page.getByRole("region", { name: t("log") });
	for (const what of LOGGED) await log.getByText(t(what)).waitFor();

	/* Somebody whom the history brought writes again. */
	await world.sim.meta(number, { ...HISTORY, only: "live", live: 20 }).finished();
	await world.applied();
	const again = (await world.look(number)).historyLeadsWithNewMessage ?? 0;
	expect(again).toBeGreaterThan(0);
	await onList.getByText(`${t("newMessage")} ${again}`, { exact: true }).waitFor();
	await tabTo(list, onList.locator("[aria-describedby]").last());
	await onList.getByRole("tooltip").getByText(t("newMessage.tip")).waitFor();
	expect(loads).toEqual([]);
});

describe("a history that does not come", () => {
	test("declined in each of its four forms, and what to do then", async () => {
		const v = await visit(world.url, { token: world.adminToken, path: "/recusa/whatsapp" });
		const t = v.texts(texts);
		for (const n of declined) {
			await card(v, n).getByText(t("history.declined"), { exact: true }).waitFor();
			await card(v, n)
				.getByText(t("history.badge", { state: t("badge.declined") }))
				.waitFor();
			await card(v, n).getByText(t("remedy.declined")).waitFor();
		}
		await mustBeAccessibleInBothThemes(v.page);
		await card(v, declined[0] as Number)
			.getByRole("link", { name: t("details") })
			.click();
		await v.page.getByText(t("remedy.declined")).waitFor();
		await v.page.getByText(/2593109/).waitFor();
		expect(await v.page.getByRole("button", { name: t("again") }).isDisabled()).toBe(true);
		await v.page.getByText(t("again.why")).waitFor();
		await mustBeAccessibleInBothThemes(v.page);
	});

	test("not asked for, not to be had, cut off, in English and on a phone", async () => {
		const v = await visit(world.url, {
			token: world.adminToken,
			path: "/fim/whatsapp",
			language: "en",
			theme: "dark",
			device: "phone",
		});
		const t = v.texts(texts);
		const says = async (n: Number, status: "not_requested" | "not_supported" | "failed") => {
			await card(v, n)
				.getByText(t(`history.${status}`), { exact: true })
				.waitFor();
			await card(v, n)
				.getByText(t(`why.${status}`))
				.waitFor();
		};
		await says(plain, "not_requested");
		await says(cloud, "not_supported");
		await mustFitTheWidth(v.page);
		await mustBeAccessible(v.page);
		await world.postWebhook({
			object: "whatsapp_business_account",
			entry: [
				{
					id: cut.wabaId,
					time: Math.floor(Date.now() / 1000),
					changes: [{ field: "account_update", value: { event: "PARTNER_REMOVED" } }],
				},
			],
		});
		await says(cut, "failed");
		await card(v, cut).getByText(t("status.disconnected")).waitFor();
		await card(v, cut)
			.getByRole("link", { name: t("details") })
			.click();
		await v.page.getByText(t("remedy.failed")).first().waitFor();
		await mustFitTheWidth(v.page);
		await mustBeAccessible(v.page);
	});

	test("nothing came for longer than it should: the page says so, live", async () => {
		const v = await visit(world.url, { token: world.adminToken, path: `/fim/whatsapp/${waiting.id}` });
		const t = v.texts(texts);
		await v.page.getByText(t("remedy.pending_consent")).waitFor();
		await world.sql(
			engine === "sqlite"
				? "UPDATE sync_runs SET started_at = started_at - 1860000, requested_at = requested_at - 1860000"
				: "UPDATE sync_runs SET started_at = started_at - interval '31 minutes', requested_at = requested_at - interval '31 minutes'",
		);
		await v.page.getByRole("alert").getByText(t("late.title")).waitFor();
		await mustBeAccessible(v.page);
	});
});

test("a webhook URL of its own is shown once", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: `/fim/whatsapp/${plain.id}` });
	const t = v.texts(texts);
	await v.page.getByRole("button", { name: t("secret.make") }).click();
	await v.page.getByText(t("secret.once")).waitFor();
	const url = v.page.getByText(/\/webhooks\/whatsapp\/[\w-]{20,}/);
	await url.waitFor();
	await mustBeAccessible(v.page);
	await v.page.reload();
	await v.page.getByRole("button", { name: t("secret.make") }).waitFor();
	expect(await url.count()).toBe(0);
});

test("a number that has no access token is given one", async () => {
	const bare = await world.connection("vazia");
	const v = await visit(world.url, { token: admin, path: `/vazia/whatsapp/${bare.id}` });
	const t = v.texts(texts);
	const panel = v.page.getByRole("region", { name: t("token.give"), exact: true });
	await v.page.getByText(t("token.unset")).waitFor();
	await panel.getByLabel(t("token"), { exact: true }).fill("EAAG-segredo");
	await mustBeAccessible(v.page);
	await panel.getByRole("button", { name: t("token.save") }).click();
	await v.page.getByText(t("token.saved")).waitFor();
	await v.page.getByText(t("token.set"), { exact: true }).waitFor();
	expect(await panel.count()).toBe(0);
	expect((await world.look(bare)).hasAccessToken).toBe(true);
});

test("a number leaves only after a second word, and the page says what stays", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: `/fim/whatsapp/${leaving.id}` });
	const t = v.texts(texts);
	const ask = v.page.getByRole("button", { name: t("disconnect") });
	const dialog = v.page.getByRole("dialog");
	await ask.click();
	await dialog.getByText(t("disconnect.text")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	expect(await ask.evaluate((e) => e === document.activeElement)).toBe(true);
	await ask.click();
	await dialog.getByRole("button", { name: t("disconnect") }).click();
	await v.page.waitForURL("**/fim/whatsapp");
	await v.page.getByRole("status").getByText(t("disconnected")).waitFor();
	await card(v, plain).waitFor();
	expect(await card(v, leaving).count()).toBe(0);
});

test("loading, an error and no network are told, of all numbers and of one", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: null });
	const t = v.texts(texts);
	await mustShowItsStates(v, {
		path: "/fim/whatsapp",
		api: "/api/clients/fim/connections",
		ready: card(v, plain),
	});
	await mustShowItsStates(v, {
		path: `/fim/whatsapp/${plain.id}`,
		api: `/api/connections/${plain.id}`,
		ready: v.page.getByRole("region", { name: t("connection") }),
	});
});
