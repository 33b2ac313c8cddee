/*
 * Answering a customer: what one types leaves for the simulated Meta, and what becomes of it is
 * seen on the bubble. Everything between is real.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { metaReasons } from "../src/i18n/meta";
import { texts } from "../src/pages/inbox/messages";
import { visit, type Visit } from "./browser";
import { bubble, composer, conversationOf, mustBeInView, scrollTo, thread } from "./inboxPage";
import { mustBeAccessible } from "./look";
import { until } from "./waiting";
import { received, text, type Person } from "./webhook";
import { type Number, World } from "./world";

let world: World;
let number: Number;
let agent = "";
let viewer = "";
let people = 0;
let who: Person;
let conversation = "";

beforeAll(async () => {
	world = await World.start({ graph: {} });
	await world.client("acme");
	number = await world.connection("acme", { historySync: false });
	await world.letSend(number);
	agent = await world.createToken({ role: "agent", clientSlug: "acme" });
	viewer = await world.createToken({ role: "viewer", clientSlug: "acme" });
});
afterAll(async () => await world.dispose());

async function newCustomer(at = new Date()): Promise<void> {
	people++;
	who = { waId: String(5511987650000 + people), name: `Cliente ${String(people)}` };
	await world.postWebhook(received(number, who, text(`wamid.in-${String(people)}`, at, "Oi, tudo bem?")));
	await world.applied();
	conversation = await conversationOf(world, "acme", who.waId);
}

beforeEach(async () => {
	await world.graph("calm");
	await newCustomer();
});

async function enter(
	options: { token?: string; language?: "pt-BR" | "en"; device?: "phone" } = {},
): Promise<Visit> {
	const v = await visit(world.url, {
		token: agent,
		path: `/acme/conversas/${conversation}`,
		...options,
	});
	await bubble(v, "Oi, tudo bem?").waitFor();
	await composer(v).waitFor();
	return v;
}

const field = (v: Visit) => composer(v).getByRole("textbox");
const tick = (v: Visit, words: string, status: "sent" | "delivered" | "read" | "failed") =>
	bubble(v, words).getByTitle(v.texts(texts)(`status.${status}`), { exact: true });
async function type(v: Visit, words: string): Promise<void> {
	await field(v).fill(words);
	await field(v).press("Enter");
}

describe("answering", () => {
	test("what is typed leaves with Enter, and its ticks are those of WhatsApp", async () => {
		const v = await enter();
		const t = v.texts(texts);
		await v.page.keyboard.press("r");
		await until("the field has the focus", () => field(v).evaluate((e) => e === document.activeElement));
		await v.page.keyboard.type("Bom dia!");
		await v.page.keyboard.press("Shift+Enter");
		await v.page.keyboard.type("Como posso ajudar?");
		await v.page.keyboard.press("Enter");
		await bubble(v, "Como posso ajudar?").waitFor();
		await until("the field is empty", async () => (await field(v).inputValue()) === "");
		await tick(v, "Bom dia!", "read").waitFor({ timeout: 20_000 });
		await bubble(v, "Bom dia!").getByText(t("source.api")).waitFor();
		await mustBeAccessible(v.page);
	});

	test("a message is quoted, and the quote is seen on both sides", async () => {
		const v = await enter();
		const t = v.texts(texts);
		await bubble(v, "Oi, tudo bem?").hover();
		await bubble(v, "Oi, tudo bem?")
			.getByRole("button", { name: t("reply") })
			.click();
		await composer(v).getByText("Oi, tudo bem?").waitFor();
		await type(v, "Tudo, e você?");
		await bubble(v, "Tudo, e você?").getByRole("button", { name: "Oi, tudo bem?" }).waitFor();
		await tick(v, "Tudo, e você?", "read").waitFor({ timeout: 20_000 });
		expect(await composer(v).getByText("Oi, tudo bem?").count()).toBe(0);
	});

	test("who has gone back to what was said before sees what they send", async () => {
		await world.postWebhook(
			received(
				number,
				who,
				...Array.from({ length: 40 }, (_, i) =>
					text(`wamid.${who.waId}-${i}`, new Date(Date.now() - (40 - i) * 1000), `Linha ${i}.`),
				),
			),
		);
		await world.applied();
		const v = await enter();
		await mustBeInView(v, bubble(v, "Oi, tudo bem?"));
		await scrollTo(thread(v), "top");
		await mustBeInView(v, bubble(v, "Linha 0."));
		await type(v, "Já vejo!");
		await mustBeInView(v, bubble(v, "Já vejo!"));
	});

	test("three at once wait in a queue that is seen, and leave in their order", async () => {
		const v = await enter();
		const t = v.texts(texts);
		for (const words of ["um", "dois", "três"]) {
			await type(v, words);
			await bubble(v, words).waitFor();
		}
		await thread(v)
			.getByText(t("queue", { n: 2 }))
			.waitFor();
		await tick(v, "três", "sent")
			.or(tick(v, "três", "read"))
			.waitFor({ timeout: 25_000 });
		const order = await thread(v).getByRole("article").allInnerTexts();
		expect(order.map((o) => o.split("\n")[0]).slice(1)).toEqual(["um", "dois", "três"]);
	});

	test("a draft stays while one looks elsewhere, and nothing is sent twice by a slow network", async () => {
		const v = await enter({ language: "en" });
		await field(v).fill("Not yet");
		await v.page.keyboard.press("Escape");
		await v.page.getByRole("link", { name: who.name }).first().click();
		await until("the draft is there", async () => (await field(v).inputValue()) === "Not yet");
		/* the request is carried out, and its answer lost */
		let lost = 0;
		v.expectProblem(/net::ERR_|Failed to load resource/);
		await v.page.route("**/api/conversations/*/messages", async (route) => {
			if (route.request().method() !== "POST" || lost++ > 0) {
				await route.continue();
				return;
			}
			await route.fetch();
			await route.abort();
		});
		await field(v).press("Enter");
		await composer(v).getByRole("alert").waitFor();
		expect(await field(v).inputValue()).toBe("Not yet");
		await field(v).press("Enter");
		await until("the field is empty", async () => (await field(v).inputValue()) === "");
		await tick(v, "Not yet", "read").waitFor({ timeout: 20_000 });
		expect(await bubble(v, "Not yet").count()).toBe(1);
	});

	test("a text goes to whom it was written, though one has moved on before the server has it", async () => {
		const first = { ...who };
		const at = conversation;
		await newCustomer();
		const v = await enter();
		const go = async (name: string) =>
			await v.page
				.getByRole("link", { name: new RegExp(`^${name}`) })
				.first()
				.click();
		await go(first.name);
		await v.page.waitForURL(new RegExp(at));
		let release: () => void = () => undefined;
		const gate = new Promise<void>((open) => (release = open));
		await v.page.route("**/api/conversations/*/messages", async (route) => {
			if (route.request().method() === "POST") await gate;
			await route.continue();
		});
		await type(v, "Só para a primeira");
		await go(who.name);
		await v.page.waitForURL(new RegExp(conversation));
		await field(v).fill("Rascunho da segunda");
		release();
		await go(first.name);
		await tick(v, "Só para a primeira", "read").waitFor({ timeout: 20_000 });
		expect(await field(v).inputValue()).toBe("");
		await go(who.name);
		await until("the other's draft", async () => (await field(v).inputValue()) === "Rascunho da segunda");
		expect(await bubble(v, "Só para a primeira").count()).toBe(0);
	});
});

describe("what goes wrong", () => {
	test("a refusal says why in words, and one may send again", async () => {
		await world.graph("fault", {
			path: `/${number.phoneNumberId}/messages`,
			fate: "error",
			code: 131026,
		});
		const v = await enter();
		const t = v.texts(texts);
		await type(v, "Chegou?");
		const why = v.texts(metaReasons)("undeliverable");
		await bubble(v, "Chegou?")
			.getByText(t("failedWhy", { reason: why }))
			.waitFor({ timeout: 20_000 });
		await mustBeAccessible(v.page);
		await bubble(v, "Chegou?")
			.getByRole("button", { name: t("again") })
			.click();
		await until("it is there twice", async () => (await bubble(v, "Chegou?").count()) === 2);
		await bubble(v, "Chegou?")
			.last()
			.getByTitle(t("status.read"), { exact: true })
			.waitFor({ timeout: 25_000 });
	});

	test("an answer that is lost is told as such, and a status settles it", async () => {
		await world.graph("statuses", { stepMs: 5000 });
		await world.graph("fault", {
			path: `/${number.phoneNumberId}/messages`,
			fate: "accept_and_close",
		});
		const v = await enter();
		const t = v.texts(texts);
		await type(v, "Perdida?");
		await bubble(v, "Perdida?").getByText(t("unknown.yet")).waitFor();
		await tick(v, "Perdida?", "sent")
			.or(tick(v, "Perdida?", "delivered"))
			.waitFor({ timeout: 25_000 });
		expect(await bubble(v, "Perdida?").getByText(t("unknown.yet")).count()).toBe(0);
		await world.graph("statuses", { stepMs: 300 });
	});

	test("outside Meta's window one is told before, and may try all the same", async () => {
		await newCustomer(new Date(Date.now() - 26 * 3_600_000));
		await world.graph("window", { waId: who.waId, open: false });
		const v = await enter();
		const t = v.texts(texts);
		await composer(v).getByText(t("window.closed")).waitFor();
		await type(v, "Ainda dá tempo?");
		expect(await field(v).inputValue()).toBe("Ainda dá tempo?");
		await composer(v)
			.getByRole("button", { name: t("composer.force") })
			.click();
		const why = v.texts(metaReasons)("outside_window");
		await bubble(v, "Ainda dá tempo?").getByText(why, { exact: false }).waitFor({ timeout: 20_000 });
		expect(
			await bubble(v, "Ainda dá tempo?")
				.getByRole("button", { name: t("again") })
				.count(),
		).toBe(0);
	});

	test("a viewer reads, a text that is too long is counted, a disconnected number says so", async () => {
		const reader = await enter({ token: viewer });
		await composer(reader).getByText(reader.texts(texts)("composer.off.role")).waitFor();
		expect(await field(reader).isDisabled()).toBe(true);
		const v = await enter({ device: "phone" });
		const t = v.texts(texts);
		await field(v).fill("x".repeat(4100));
		await composer(v)
			.getByText(t("composer.over", { n: 4 }))
			.waitFor();
		expect(
			await composer(v)
				.getByRole("button", { name: t("composer.send") })
				.isDisabled(),
		).toBe(true);
		await mustBeAccessible(v.page);
		await field(v).fill("");
		const other = await world.connection("acme", { historySync: false });
		await world.postWebhook(received(other, who, text("wamid.other", new Date(), "Oi, tudo bem?")));
		await world.applied();
		const found = await world.api("get", "/api/clients/{slug}/conversations", {
			path: { slug: "acme" },
			query: { connectionId: other.id },
		});
		conversation = found.data[0]?.id ?? "";
		const w = await enter();
		await composer(w).getByText(w.texts(texts)("composer.off.token")).waitFor();
	});
});
