/* The inbox: every kind of message, finding a conversation, reading it, by mouse, keyboard and phone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import { dayName, duration, phone } from "../src/lib/format";
import { metaReasons } from "../src/i18n/meta";
import { texts } from "../src/pages/inbox/messages";
import { visit, type Visit, type VisitOptions } from "./browser";
import {
	bubble,
	composer,
	conversationOf,
	details,
	list,
	mustBeInView,
	rows,
	scrollTo,
	thread,
} from "./inboxPage";
import { ana, said, writeAna } from "./inboxWorld";
import { mustBeAccessible, mustFitTheWidth } from "./look";
import { until } from "./waiting";
import { history, received, text, type Person } from "./webhook";
import { World, type Number } from "./world";

const PEOPLE = 240;
const LONG = 320;
const bia: Person = { waId: "5521987651234", name: "Bia Antunes" };

let world: World;
let number: Number;
let agent = "";
let viewer = "";
const ids: Record<string, string> = {};

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	await world.client("vazio", "Vazio");
	number = await world.connection("acme");
	await world.sim.meta(number, { people: PEOPLE, messages: 1500, only: "contacts,history" }).finished();
	const base = Date.now() - 20 * 86_400_000;
	await world.postWebhook(
		history(
			number,
			bia,
			Array.from({ length: LONG }, (_, i) => ({
				...text(`wamid.bia-${i}`, new Date(base + i * 60_000), `Mensagem número ${i}`),
				fromMe: i % 3 === 0,
			})),
		),
	);
	await writeAna(world, number);
	await world.sim.helpdesk("acme", { tickets: 30, messages: 400 });
	const { jobId } = await world.api("post", "/api/jobs/import/{slug}", { path: { slug: "acme" } });
	await world.jobEnded(jobId);
	await world.applied();
	agent = await world.createToken({ role: "agent", clientSlug: "acme" });
	viewer = await world.createToken({ role: "viewer", clientSlug: "acme" });
	ids["ana"] = await conversationOf(world, "acme", ana.waId);
	ids["bia"] = await conversationOf(world, "acme", bia.waId);
});
afterAll(async () => await world.dispose());

const at = (who: string, more = "") => `/acme/conversas/${ids[who] ?? ""}${more}`;
async function enter(path: string, options: VisitOptions = {}): Promise<Visit> {
	return await visit(world.url, { token: viewer, path, ...options });
}

describe("every kind of message", () => {
	test("is shown for what it is, with its mark, its ticks and its reason", async () => {
		const v = await enter(at("ana"));
		const t = v.texts(texts);
		await mustBeInView(v, bubble(v, said.last));

		for (const [words, marks] of [
			[said.history, [t("source.history")]],
			[said.first, [t("source.live")]],
			[said.caption, [t("type.image"), t("media.pending")]],
			[t("type.voice"), [t("media.pending")]],
			[t("type.video"), [t("media.pending")]],
			[said.filename, [t("media.pending")]],
			[t("type.sticker"), [t("media.pending")]],
			[said.place, [t("type.location")]],
			[said.contact, [t("type.contacts")]],
			[t("type.unsupported"), [t("source.live")]],
			[t("type.media_placeholder"), [t("source.history")]],
			[said.button, [t("type.button")]],
			[
				said.failed,
				[t("failedWhy", { reason: v.texts(metaReasons)("outside_window") }), t("source.app_echo")],
			],
			[said.answer, [t("source.app_echo"), "👍"]],
		] as const) {
			const one = bubble(v, words).first();
			await one.waitFor();
			for (const mark of marks) expect(await one.innerText(), words).toContain(mark);
		}
		expect((await bubble(v, said.filename).innerText()).split(said.filename)).toHaveLength(2);
		expect(await bubble(v, said.place).innerText()).not.toContain(t("media.none"));
		await bubble(v, said.historyAnswer)
			.getByRole("img", { name: t("status.read") })
			.waitFor();
		await bubble(v, said.answer)
			.getByRole("img", { name: t("status.read") })
			.waitFor();
		await bubble(v, said.failed)
			.getByRole("img", { name: t("status.failed") })
			.waitFor();
		expect(await v.page.getByText(said.revoked).count()).toBe(0);
		await bubble(v, t("revoked")).waitFor();
		await mustBeAccessible(v.page);
	});

	test("an edit shows its earlier text on demand, a quote leads to what it answers", async () => {
		const v = await enter(at("ana"), { theme: "dark" });
		const t = v.texts(texts);
		const edited = bubble(v, said.afterEdit);
		await edited.waitFor();
		expect(await v.page.getByText(said.beforeEdit).count()).toBe(0);
		await edited.getByRole("button", { name: t("edited.show") }).click();
		await edited.getByText(said.beforeEdit).waitFor();
		await mustBeAccessible(v.page);
		await edited.getByRole("button", { name: t("edited.hide") }).click();
		expect(await v.page.getByText(said.beforeEdit).count()).toBe(0);

		await bubble(v, said.answer)
			.getByRole("button", { name: t("quote") })
			.click();
		await thread(v).locator("article[data-lit]").filter({ hasText: said.first }).waitFor();
		await mustBeInView(v, thread(v).locator("article[data-lit]"));
		await v.page.goBack();
		await v.page.waitForURL(v.url + at("ana"));
	});

	test("days and sessions stand between the messages", async () => {
		const v = await enter(at("ana"));
		await bubble(v, said.last).waitFor();
		/* The days are those of the viewer's zone, which is not the test's. */
		const days = [-40, -1, 0].map((d) => {
			const day = new Date(Date.now() + d * 86_400_000);
			const inZone = new Date(day.toLocaleString("en-US", { timeZone: "America/Sao_Paulo" }));
			const now = new Date(new Date().toLocaleString("en-US", { timeZone: "America/Sao_Paulo" }));
			return dayName("pt-BR", inZone, now);
		});
		for (const day of days) await thread(v).getByText(day, { exact: true }).waitFor();
		const t = v.texts(texts);
		const shown = await world.api("get", "/api/conversations/{id}/sessions", {
			path: { id: ids["ana"] ?? "" },
		});
		for (const s of shown.data)
			await thread(v)
				.getByText(
					s.endedAt === null
						? t("session.open")
						: duration((Date.parse(s.endedAt) - Date.parse(s.startedAt)) / 1000),
				)
				.first()
				.waitFor();
	});
});

test("of the conversation that was shown before nothing stays", async () => {
	const v = await enter("/acme/conversas");
	for (const who of ["bia", "ana", "bia", "ana"]) {
		await list(v)
			.locator(`a[href*="${ids[who] ?? ""}"]`)
			.click();
		await v.page.waitForURL(v.url + at(who));
		await composer(v).waitFor();
		await thread(v).getByRole("article").first().waitFor();
		/* Not only in its place: nowhere on the page. */
		await until("one thread is left", async () => (await thread(v).count()) === 1);
		expect(await composer(v).count()).toBe(1);
	}
	expect(await bubble(v, "Mensagem número").count()).toBe(0);
	expect(await bubble(v, said.last).count()).toBe(1);
});

test("a conversation of the helpdesk shows whose session it was and how long, and is answered there", async () => {
	const all = await world.api("get", "/api/clients/{slug}/connections", { path: { slug: "acme" } });
	const desk = all.data.find((c) => c.kind === "helpdesk");
	const page = await world.api("get", "/api/clients/{slug}/conversations", {
		path: { slug: "acme" },
		query: { connectionId: desk?.id, limit: 20 },
	});
	let found: { id: string; agent: string; seconds: number } | null = null;
	for (const c of page.data) {
		const sessions = await world.api("get", "/api/conversations/{id}/sessions", { path: { id: c.id } });
		const s = sessions.data.at(0);
		if (sessions.data.length === 1 && s?.endedAt != null && s.assignedUserName !== null)
			found ??= {
				id: c.id,
				agent: s.assignedUserName,
				seconds: (Date.parse(s.endedAt) - Date.parse(s.startedAt)) / 1000,
			};
	}
	if (found === null) throw new Error("the helpdesk has no conversation of one session with an agent");
	const v = await enter(`/acme/conversas/${found.id}`);
	const t = v.texts(texts);
	await scrollTo(thread(v), "top");
	await thread(v)
		.getByText(t("session.with", { agent: found.agent }))
		.waitFor();
	await thread(v).getByText(duration(found.seconds), { exact: true }).waitFor();
	await thread(v).getByText(t("source.helpdesk"), { exact: true }).first().waitFor();
	await composer(v).getByText(t("window.helpdesk")).waitFor();
	await details(v).getByText(found.agent).waitFor();
	expect(await v.page.getByRole("button", { name: t("tickets.open") }).count()).toBe(0);
	await mustBeAccessible(v.page);
});

describe("the list", () => {
	test("finds a person by name and by number, and says when there is nobody", async () => {
		const v = await enter("/acme/conversas");
		const t = v.texts(texts);
		const search = v.page.getByRole("searchbox", { name: t("search") });
		await rows(v).nth(5).waitFor();
		for (const words of ["ana sou", "(11) 98765-4321", "+55 11 98765"]) {
			await search.fill(words);
			await v.page.waitForURL((url) => url.searchParams.get("q") === words);
			await until(`only Ana is listed for ${words}`, async () => {
				const names = await rows(v).allInnerTexts();
				return names.length > 0 && names.every((name) => name.startsWith("Ana Souza"));
			});
		}
		await rows(v).first().click();
		await v.page.getByRole("heading", { name: "Ana Souza" }).waitFor();
		await search.fill("ninguém com este nome");
		await list(v).getByText(t("empty.filtered.title")).waitFor();
		await mustBeAccessible(v.page);
		await list(v)
			.getByRole("button", { name: t("empty.filtered.action") })
			.click();
		await rows(v).nth(5).waitFor();
		expect(await search.inputValue()).toBe("");
	});

	test("goes on page after page to the last of them, each there once", async () => {
		const v = await enter("/acme/conversas");
		await rows(v).first().waitFor();
		let expected = 0;
		let cursor: string | null = null;
		do {
			const page: { data: unknown[]; nextCursor: string | null } = await world.api(
				"get",
				"/api/clients/{slug}/conversations",
				{ path: { slug: "acme" }, query: { limit: 200, cursor: cursor ?? undefined } },
			);
			expected += page.data.length;
			cursor = page.nextCursor;
		} while (cursor !== null);
		expect(expected).toBeGreaterThan(200);
		const seen = new Set<string>();
		const box = v.page.getByTestId("conversations");
		await until("all of them came by", async () => {
			for (const href of await rows(v).evaluateAll((a) => a.map((e) => e.getAttribute("href") ?? "")))
				seen.add(href);
			await box.evaluate((e) => (e.scrollTop += 500));
			return seen.size === expected;
		});
		const place = await box.evaluate((e) => [e.scrollTop + e.clientHeight, e.scrollHeight]);
		expect(place[1]).toBe(expected * 64);
		expect(await rows(v).count()).toBeLessThan(60);
	});

	test("filters, and says of each what its emptiness means", async () => {
		const v = await enter("/acme/conversas");
		const t = v.texts(texts);
		const press = (f: "all" | "open" | "unread" | "history") =>
			v.page.getByRole("group", { name: t("filters") }).getByRole("button", { name: t(`filter.${f}`) });
		await press("open").click();
		await until("only Ana's is open", async () => (await rows(v).count()) === 1);
		expect(new URL(v.page.url()).searchParams.get("filtro")).toBe("open");
		await press("unread").click();
		await rows(v)
			.first()
			.getByRole("img", { name: t("unread", { n: 1 }) })
			.waitFor();
		await press("history").click();
		await rows(v).nth(5).waitFor();
		expect(await press("history").getAttribute("aria-pressed")).toBe("true");
		await v.page.goBack();
		await v.page.waitForURL("about:blank");

		const empty = await visit(world.url, { token: world.adminToken, path: "/vazio/conversas" });
		for (const filter of ["all", "open", "unread", "history"] as const) {
			await empty.page
				.getByRole("group", { name: t("filters") })
				.getByRole("button", { name: t(`filter.${filter}`) })
				.click();
			await empty.page.getByText(t(`empty.${filter}.title`)).waitFor();
			await empty.page.getByText(t(`empty.${filter}.text`)).waitFor();
			await mustBeAccessible(empty.page);
		}
		expect(await empty.page.getByRole("combobox", { name: t("connection") }).count()).toBe(0);
	});

	test("what an agent reads is read, stays until they move on, and is then no longer unread", async () => {
		const cleo: Person = { waId: "5531987650001", name: "Cléo Unread" };
		await world.postWebhook(received(number, cleo, text("wamid.cleo-1", new Date(), "Alguém aí?")));
		await world.applied();
		const v = await enter("/acme/conversas?filtro=unread", { token: agent });
		const t = v.texts(texts);
		const row = rows(v).filter({ hasText: cleo.name });
		const count = row.getByRole("img", { name: t("unread", { n: 1 }) });
		await count.waitFor();
		await row.click();
		await count.waitFor({ state: "detached" });
		await v.page.keyboard.press("Escape");
		await world.postWebhook(received(number, bia, text("wamid.bia-live", new Date(), "Cheguei agora")));
		await rows(v).filter({ hasText: "Cheguei agora" }).waitFor();
		expect(await row.count()).toBe(0);
	});
});

describe("reading", () => {
	test("older messages load without moving what one reads", async () => {
		const v = await enter(at("bia"));
		await bubble(v, `Mensagem número ${LONG - 1}`)
			.first()
			.waitFor();
		const first = (await thread(v).getByRole("article").first().innerText()).split("\n")[0] ?? "";
		const mark = bubble(v, first).first();
		const answered = v.page.waitForResponse((r) => r.url().includes("before="));
		/* In one step: put the first message at the top, and note where it is before more can come. */
		await scrollTo(thread(v), "top");
		const before = (await mark.boundingBox())?.y ?? 0;
		await answered;
		await until("older ones stand above it", async () => {
			const now = await thread(v).getByRole("article").first().innerText();
			return !now.startsWith(first);
		});
		const after = (await mark.boundingBox())?.y ?? 0;
		expect(Math.abs(after - before)).toBeLessThan(3);
		await until("the beginning is reached", async () => {
			await scrollTo(thread(v), "top");
			return await thread(v).getByText(v.texts(texts)("beginning")).isVisible();
		});
		expect(await thread(v).locator("[data-row]").count()).toBeLessThanOrEqual(260);
		await v.page.getByRole("button", { name: v.texts(texts)("newest") }).click();
		await mustBeInView(v, thread(v).getByRole("article").last());
	});

	test("a link to a message far back opens there, lit, and goes on both ways", async () => {
		const page = await world.api("get", "/api/conversations/{id}/messages", {
			path: { id: ids["bia"] ?? "" },
			query: { limit: 200 },
		});
		const wanted = page.data[20];
		if (wanted === undefined) throw new Error("there are too few messages");
		const v = await enter(at("bia", `?mensagem=${wanted.id}`));
		const lit = thread(v).locator("article[data-lit]");
		await lit.filter({ hasText: wanted.body ?? "" }).waitFor();
		await mustBeInView(v, lit);
		await until("it goes on to the newest", async () => {
			await scrollTo(thread(v), "bottom");
			return await bubble(v, `Mensagem número ${LONG - 1}`).isVisible();
		});
		await v.page.goto(v.page.url());
		await mustBeInView(v, lit);
		await v.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		await lit.getByRole("button", { name: v.texts(texts)("copyLink") }).click();
		await v.page.getByText(v.texts(texts)("linkCopied")).waitFor();
		expect(await v.page.evaluate(() => navigator.clipboard.readText())).toBe(
			v.url + at("bia", `?mensagem=${wanted.id}`),
		);
	});

	test("a link to a message that is not there says so, and leads to the newest", async () => {
		const v = await enter(at("bia", "?mensagem=00000000-0000-7000-8000-000000000000"));
		v.expectProblem(/^console error: .* 400 .*around=/);
		await v.page.getByText(v.texts(texts)("message.gone")).waitFor();
		await mustBeAccessible(v.page);
		await v.page.getByRole("button", { name: v.texts(texts)("newest") }).click();
		await bubble(v, `Mensagem número ${LONG - 1}`).waitFor();
	});

	test("the details say who it is, what is open and how long one may answer, in English too", async () => {
		const v = await enter(at("ana"), { language: "en", token: agent });
		const t = v.texts(texts);
		const side = details(v);
		await side.getByText(phone(`+${ana.waId}`)).waitFor();
		await side.getByText(t("tags.none")).waitFor();
		await side.getByText(t("ticket.open"), { exact: true }).waitFor();
		await side.getByText(t("window.history")).waitFor();
		const open = new RegExp(`^${t("window.open", { left: "LEFT" }).replace("LEFT", ".+")}$`);
		await side.getByText(open).waitFor();
		/* this number has no access token: nothing can be sent as it */
		await composer(v).getByText(t("composer.off.token")).waitFor();
		expect(await composer(v).getByRole("textbox").isDisabled()).toBe(true);
		expect(await side.getByRole("button", { name: t("session.beginning") }).count()).toBe(2);
		await side
			.getByRole("button", { name: t("session.beginning") })
			.last()
			.click();
		await thread(v).locator("article[data-lit]").filter({ hasText: said.history }).waitFor();
		await mustBeAccessible(v.page);
	});
});

describe("on a phone", () => {
	test("there is one column at a time, and a way back from each", async () => {
		const v = await enter("/acme/conversas", { device: "phone", theme: "dark" });
		const t = v.texts(texts);
		await rows(v).first().waitFor();
		await mustFitTheWidth(v.page);
		await mustBeAccessible(v.page);
		await v.page.getByRole("searchbox", { name: t("search") }).fill("Ana Souza");
		await rows(v).filter({ hasText: "Ana Souza" }).first().click();
		await mustBeInView(v, bubble(v, said.last));
		expect(await list(v).isVisible()).toBe(false);
		await mustFitTheWidth(v.page);
		await mustBeAccessible(v.page);
		await v.page.getByRole("button", { name: t("details") }).click();
		await details(v)
			.getByText(phone(`+${ana.waId}`))
			.waitFor();
		expect(await thread(v).isVisible()).toBe(false);
		await mustFitTheWidth(v.page);
		await mustBeAccessible(v.page);
		await v.page.getByRole("button", { name: t("backToThread") }).click();
		await thread(v).waitFor();
		await v.page.getByRole("button", { name: t("backToList") }).click();
		await rows(v).filter({ hasText: "Ana Souza" }).first().waitFor();
		await v.page.goBack();
		await thread(v).waitFor();
	});
});

describe("by the keyboard alone", () => {
	test("one finds, opens, moves along, reads, and gets everywhere", async () => {
		const v = await enter("/acme/conversas");
		const t = v.texts(texts);
		const c = v.texts(common);
		const keys = v.page.keyboard;
		await rows(v).nth(3).waitFor();
		await keys.press("/");
		expect(await v.page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("search");
		await keys.type("j/k?");
		await until("what is typed is searched for", () => v.page.url().includes("q="));
		await keys.press("Control+A");
		await keys.press("Delete");
		await rows(v).nth(3).waitFor();
		await keys.press("Escape");
		const hrefs = await rows(v).evaluateAll((a) => a.slice(0, 3).map((e) => e.getAttribute("href")));
		for (const [key, href] of [
			["j", hrefs[0]],
			["j", hrefs[1]],
			["j", hrefs[2]],
			["k", hrefs[1]],
		] as const) {
			await keys.press(key);
			await v.page.waitForURL(v.url + (href ?? ""));
		}
		expect(await rows(v).nth(1).getAttribute("aria-current")).toBe("true");
		await composer(v).waitFor();
		await keys.press("r");
		await until(
			"the answer's place has the focus",
			async () => await composer(v).evaluate((e) => e.contains(document.activeElement)),
		);
		await keys.press("Escape");
		await v.page.waitForURL(`${v.url}/acme/conversas`);
		await keys.press("?");
		const help = v.page.getByRole("dialog", { name: c("help") });
		await help.waitFor();
		await mustBeAccessible(v.page);
		await keys.press("j");
		expect(new URL(v.page.url()).pathname).toBe("/acme/conversas");
		await keys.press("Escape");
		await help.waitFor({ state: "detached" });
		for (const [letter, page] of [
			["w", "whatsapp"],
			["i", "importacoes"],
			["a", "avaliacoes"],
			["k", "indicadores"],
			["h", "webhooks"],
			["m", "administracao"],
			["c", "conversas"],
		] as const) {
			await keys.press("g");
			await keys.press(letter);
			await v.page.waitForURL((url) => url.pathname.startsWith(`/acme/${page}`));
		}
		await v.page.getByText(t("choose")).waitFor();
	});

	test("Tab goes through it in order, and one sees where one is", async () => {
		const v = await enter(at("ana"));
		await bubble(v, said.last).waitFor();
		await details(v).getByRole("button").first().waitFor();
		const t = v.texts(texts);
		const order: string[] = [];
		for (;;) {
			await v.page.keyboard.press("Tab");
			const seen = await v.page.evaluate(() => {
				const e = document.activeElement;
				if (!(e instanceof HTMLElement) || e === document.body) return null;
				const style = getComputedStyle(e);
				const box = e.getBoundingClientRect();
				return {
					name: `${e.tagName} ${e.getAttribute("aria-label") ?? e.textContent.slice(0, 30)}`,
					isMarked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
					isSeen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
					where: e
						.closest("nav,aside,section[aria-label],[role=group],[role=log]")
						?.getAttribute("aria-label"),
				};
			});
			if (seen === null) break;
			expect(seen.isMarked, `${seen.name} shows that it has the focus`).toBe(true);
			expect(seen.isSeen, `${seen.name} is in view when it has the focus`).toBe(true);
			if (order.at(-1) !== seen.where && seen.where != null) order.push(seen.where);
		}
		const c = v.texts(common);
		expect(order).toEqual([
			c("nav.label"),
			t("list"),
			t("filters"),
			t("list"),
			t("thread"),
			t("details"),
		]);
	});
});
