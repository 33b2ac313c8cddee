/* What is live: it comes by itself, nothing is lost when the stream is cut, and each sees only theirs. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import { texts } from "../src/pages/inbox/messages";
import { visit, type Visit } from "./browser";
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
import { mustBeAccessible } from "./look";
import { until } from "./waiting";
import { history, received, text, type Person } from "./webhook";
import { World, type Number } from "./world";

let world: World;
const numbers = new Map<string, Number>();
const tokens = { agent: "", viewer: "", foreign: "" };
let said = 0;
let people = 0;
const begun = Date.now() - 600_000;

/* One second after the other, so that they stand in the order in which they were said. */
const next = () => new Date(begun + 1000 * ++said);

function numberOf(slug: string): Number {
	const number = numbers.get(slug);
	if (number === undefined) throw new Error(`${slug} has no number`);
	return number;
}

/** Somebody new who writes to a client. */
class Writer {
	readonly person: Person;
	id = "";
	constructor(
		readonly name: string,
		readonly slug = "acme",
	) {
		this.person = { waId: String(5521987650000 + ++people), name };
	}
	async say(...words: string[]): Promise<void> {
		const messages = words.map((w) => text(`wamid.live-${said}`, next(), w));
		await world.postWebhook(received(numberOf(this.slug), this.person, ...messages));
	}
	/** Says something first, and is found by it. */
	async begin(...words: string[]): Promise<this> {
		await this.say(...words);
		await world.applied();
		this.id = await conversationOf(world, this.slug, this.person.waId);
		return this;
	}
	get path(): string {
		return `/${this.slug}/conversas/${this.id}`;
	}
}

const lines = (many: number, words: string) => Array.from({ length: many }, (_, i) => `${words} ${i}.`);

beforeAll(async () => {
	world = await World.start();
	for (const slug of ["acme", "beta", "longe", "falha"]) {
		await world.client(slug, `Cliente ${slug}`);
		numbers.set(slug, await world.connection(slug));
	}
	await world.client("mesa", "Mesa");
	tokens.agent = await world.createToken({ role: "agent", clientSlug: "acme" });
	tokens.viewer = await world.createToken({ role: "viewer", clientSlug: "acme" });
	tokens.foreign = await world.createToken({ role: "admin", clientSlug: "beta" });
});
afterAll(async () => await world.dispose());

const bar = (v: Visit) => v.page.getByRole("status").filter({ hasText: v.texts(common)("offline.lost") });

/* Marks the page; a reload would take the mark away. */
const markPage = (v: Visit) => v.page.evaluate(() => void Object.assign(window, { isTheSamePage: true }));
const isSamePage = (v: Visit) => v.page.evaluate(() => "isTheSamePage" in window);

/* In, with the stream open. */
async function enterLive(path: string, token: string): Promise<Visit> {
	const v = await visit(world.url, { token, path: null });
	const opened = v.page.waitForResponse((r) => r.url().includes("/api/events"));
	await v.goto(path);
	await opened;
	await markPage(v);
	return v;
}

describe("a message that comes", () => {
	test("stands in the open thread and on top of the list without a reload", async () => {
		const dora = await new Writer("Dora").begin("Primeira de Dora");
		const eli = await new Writer("Eli").begin("Primeira de Eli");
		const v = await enterLive(dora.path, tokens.viewer);
		await mustBeInView(v, bubble(v, "Primeira de Dora"));
		await dora.say("Segunda de Dora");
		await mustBeInView(v, bubble(v, "Segunda de Dora"));
		await rows(v).first().getByText("Segunda de Dora").waitFor();
		await eli.say("Segunda de Eli");
		await rows(v).first().getByText("Segunda de Eli").waitFor();
		expect(await bubble(v, "Segunda de Eli").count()).toBe(0);
		/* What comes while one is on another page is there when one is back. */
		await v.page.keyboard.press("g");
		await v.page.keyboard.press("k");
		await v.page.waitForURL(/indicadores/);
		await dora.say("Enquanto via os indicadores");
		await world.applied();
		await v.page.goBack();
		await rows(v).first().getByText("Enquanto via os indicadores").waitFor();
		await mustBeInView(v, bubble(v, "Enquanto via os indicadores"));
		expect(await isSamePage(v)).toBe(true);
	});

	test("leaves the view of who reads further up where it is", async () => {
		const dora = await new Writer("Dora acima").begin("Primeira de todas", ...lines(25, "Linha"));
		const v = await enterLive(dora.path, tokens.viewer);
		await mustBeInView(v, bubble(v, "Linha 24."));
		await scrollTo(thread(v), "top");
		const mark = bubble(v, "Primeira de todas");
		const before = (await mark.boundingBox())?.y;
		await dora.say("Uma que chega embaixo");
		await bubble(v, "Uma que chega embaixo").waitFor();
		expect((await mark.boundingBox())?.y).toBe(before);
	});

	test("by history goes above what is there, though it was the beginning until then", async () => {
		const dora = await new Writer("Dora antiga").begin("A primeira ao vivo");
		const v = await enterLive(dora.path, tokens.viewer);
		await bubble(v, "A primeira ao vivo").waitFor();
		await thread(v).getByText(v.texts(texts)("beginning")).waitFor();
		const long = Date.now() - 30 * 86_400_000;
		await world.postWebhook(
			history(
				numberOf("acme"),
				dora.person,
				lines(120, "Antiga").map((words, i) =>
					text(`wamid.old-${i}`, new Date(long + i * 60_000), words),
				),
			),
		);
		await until("the oldest has been scrolled to", async () => {
			await scrollTo(thread(v), "top");
			return await bubble(v, "Antiga 0.").isVisible();
		});
		await thread(v).getByText(v.texts(texts)("beginning")).waitFor();
		await rows(v)
			.filter({ hasText: dora.name })
			.getByText(v.texts(texts)("history"), { exact: true })
			.waitFor();
		expect(await isSamePage(v)).toBe(true);
	});

	test("from an import by another process beside the server shows up too", async () => {
		const v = await enterLive("/mesa/conversas", world.adminToken);
		await list(v).getByText(v.texts(texts)("empty.all.title")).waitFor();
		await world.sim.helpdesk("mesa", { tickets: 12, messages: 120 });
		expect((await world.recado("import", "mesa")).status).toBe(0);
		await rows(v).nth(5).waitFor();
		expect(await isSamePage(v)).toBe(true);
	});
});

describe("when the stream is cut", () => {
	test("a server that dies and comes back: a bar says so, and nothing is missing or twice", async () => {
		const dora = await new Writer("Dora na queda").begin("Antes da queda");
		const eli = await new Writer("Eli na queda").begin("Eli antes");
		const v = await enterLive(dora.path, tokens.viewer);
		v.expectProblem(
			/^console error: .*ERR_(?:CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET)/,
		);
		await bubble(v, "Antes da queda").waitFor();
		await world.stop("SIGKILL");
		await bar(v).waitFor();
		await mustBeAccessible(v.page);
		await bar(v)
			.getByRole("button", { name: v.texts(common)("offline.now") })
			.click();
		await world.start();
		for (const words of lines(5, "Depois da queda")) await dora.say(words);
		await eli.say("Eli depois da queda");
		await bar(v).waitFor({ state: "detached" });
		await mustBeInView(v, bubble(v, "Depois da queda 4."));
		for (const words of lines(5, "Depois da queda")) expect(await bubble(v, words).count()).toBe(1);
		await rows(v).first().getByText("Eli depois da queda").waitFor();
		await dora.say("E segue ao vivo");
		await mustBeInView(v, bubble(v, "E segue ao vivo"));
		expect(await isSamePage(v)).toBe(true);
	});

	test("a browser without network: what came meanwhile is all there afterwards", async () => {
		const dora = await new Writer("Dora no escuro", "longe").begin("Antes do escuro");
		const v = await enterLive(dora.path, world.adminToken);
		/* If something is asked for between the loss of the network and its being noticed. */
		v.allowProblem(/^console error: .*ERR_INTERNET_DISCONNECTED/);
		await bubble(v, "Antes do escuro").waitFor();
		await v.context.setOffline(true);
		await v.page.getByText(v.texts(common)("offline.browser")).waitFor();
		/* More than a thread opens with, and more people than a page of the list has. */
		const dark = lines(70, "No escuro");
		await dora.say(...dark);
		await Promise.all(lines(130, "Nova pessoa").map((name) => new Writer(name, "longe").say("Oi")));
		await world.applied();
		await v.context.setOffline(false);
		await v.page.getByText(v.texts(common)("offline.browser")).waitFor({ state: "detached" });
		await bar(v).waitFor({ state: "detached" });
		const found = { people: new Set<string>(), messages: new Set<string>() };
		await until(
			"all who wrote and all that was written came by",
			async () => {
				for (const name of await rows(v).locator("bdi:first-child").allInnerTexts())
					found.people.add(name);
				for (const words of await thread(v)
					.getByText(/^No escuro \d+\.$/)
					.allInnerTexts())
					found.messages.add(words);
				for (const box of [thread(v), v.page.getByTestId("conversations")])
					await box.evaluate((e) => (e.scrollTop += 400));
				return found.people.size >= 131 && found.messages.size === 70;
			},
			{ seen: () => [found.people.size, found.messages.size] },
		);
		for (const words of dark.slice(-20)) expect(await bubble(v, words).count(), words).toBe(1);
		const hrefs = await rows(v).evaluateAll((all) => all.map((e) => e.getAttribute("href")));
		expect(new Set(hrefs).size).toBe(hrefs.length);
		expect(await isSamePage(v)).toBe(true);
	});

	test("a tab that was frozen in the background goes on where it was", async () => {
		const dora = await new Writer("Dora que dorme").begin("Boa noite");
		const v = await enterLive(dora.path, tokens.viewer);
		await bubble(v, "Boa noite").waitFor();
		const browser = await v.context.newCDPSession(v.page);
		await browser.send("Page.setWebLifecycleState", { state: "frozen" });
		await dora.say("Enquanto dormia");
		await world.applied();
		await browser.send("Page.setWebLifecycleState", { state: "active" });
		await mustBeInView(v, bubble(v, "Enquanto dormia"));
		expect(await isSamePage(v)).toBe(true);
	});
});

describe("each sees only theirs", () => {
	test("no page and no event of another client's reaches an admin", async () => {
		const dora = await new Writer("Dora da Acme").begin("Só a Acme pode ler");
		const secret = await new Writer("Segredo da Beta", "beta").begin("Só a Beta pode ler");
		const number = numberOf("acme");
		const v = await visit(world.url, { token: tokens.foreign, path: null });
		v.expectProblem(/^console error: .* 404 /);
		const browser = await v.context.newCDPSession(v.page);
		const events: { eventName: string; data: string }[] = [];
		await browser.send("Network.enable");
		browser.on("Network.eventSourceMessageReceived", (e) => events.push(e));
		await v.goto("/beta/conversas");
		await rows(v).filter({ hasText: secret.name }).waitFor();
		expect(await rows(v).count()).toBe(1);
		await dora.say("Para a Acme somente");
		await secret.say("Para a Beta");
		await world.applied();
		await rows(v).getByText("Para a Beta").waitFor();
		const subjects = events
			.filter((e) => e.eventName === "conversation.changed")
			.map((e) => (JSON.parse(e.data) as { subjectId: string | null }).subjectId);
		expect(subjects.length).toBeGreaterThan(0);
		expect(new Set(subjects)).toEqual(new Set([secret.id]));
		expect(JSON.stringify(events)).not.toContain(dora.id);

		const entry =
			(await world.api("get", "/api/webhook-events", { query: { limit: 1 } })).data[0]?.id ?? "";
		for (const path of [
			"conversas",
			`conversas/${dora.id}`,
			"whatsapp",
			`whatsapp/${number.id}`,
			"importacoes",
			"avaliacoes",
			"indicadores",
			"webhooks",
			`webhooks/${entry}`,
			"administracao",
		]) {
			await v.goto(`/acme/${path}`);
			await v.page.getByText(v.texts(common)("notfound.title")).waitFor();
			expect(await v.page.getByText("Cliente acme").count(), path).toBe(0);
		}
		await v.goto(`/beta/conversas/${dora.id}`);
		await v.page.getByRole("alert").getByText(v.texts(common)("error.not_found")).first().waitFor();
		expect(await v.page.getByText(dora.name).count()).toBe(0);
		for (const path of [
			"/api/clients/acme",
			"/api/clients/acme/conversations",
			`/api/conversations/${dora.id}`,
			`/api/conversations/${dora.id}/messages`,
			`/api/conversations/${dora.id}/tickets`,
			`/api/conversations/${dora.id}/sessions`,
			`/api/connections/${number.id}`,
			"/api/events?clientSlug=acme",
		])
			expect((await v.context.request.get(world.url + path)).status(), path).toBe(404);
	});

	test("an agent may open and close tickets and reads what is read; a viewer may look", async () => {
		const dora = await new Writer("Dora com ticket").begin("Preciso de ajuda");
		const looks = await enterLive(dora.path, tokens.viewer);
		const t = looks.texts(texts);
		await details(looks).getByText(t("ticket.open"), { exact: true }).waitFor();
		expect(await looks.page.getByRole("button", { name: t("tickets.close") }).count()).toBe(0);
		const unread = async () =>
			(await world.api("get", "/api/conversations/{id}", { path: { id: dora.id } })).conversation
				.unreadCount;
		expect(await unread()).toBeGreaterThan(0);
		expect(
			(
				await looks.context.request.post(`${world.url}/api/conversations/${dora.id}/read`, {
					headers: { origin: world.url },
				})
			).status(),
		).toBe(403);
		await looks.done();

		const v = await enterLive(dora.path, tokens.agent);
		await until("it counts as read", async () => (await unread()) === 0);
		await details(v)
			.getByRole("button", { name: t("tickets.close") })
			.click();
		await v.page.getByText(t("tickets.closed")).waitFor();
		await details(v)
			.getByRole("button", { name: t("tickets.open") })
			.click();
		await details(v)
			.getByRole("button", { name: t("tickets.close") })
			.waitFor();
		await composer(v).waitFor();
	});
});

describe("what does not load", () => {
	let gina: Writer;

	beforeAll(async () => {
		const first = new Writer("A primeira de todas", "falha");
		await first.say("Oi");
		await Promise.all(lines(110, "Pessoa").map((name) => new Writer(name, "falha").say("Oi")));
		gina = await new Writer("Gina", "falha").begin(...lines(90, "Dita"));
	});

	test("stays in its panel, says what to do, and comes when it is tried again", async () => {
		/* Who only looks reads nothing for others: no event of one's own makes the list come by itself. */
		const token = await world.createToken({ role: "viewer", clientSlug: "falha" });
		const v = await visit(world.url, { token, path: null });
		const c = v.texts(common);
		v.expectProblem(/^answer 500: /);
		v.expectProblem(/^console error: .* 500 /);
		const broken =
			/\/api\/(?:clients\/falha\/conversations|conversations\/[^/]+\/(?:messages|sessions|tickets))\?/;
		let asked = 0;
		await v.page.route(broken, (route) => {
			asked++;
			return route.fulfill({ status: 500, json: { error: "internal", requestId: "req-1" } });
		});
		await v.goto(gina.path);
		const threadPanel = v.page.getByRole("region", { name: v.texts(texts)("thread") });
		await threadPanel.getByRole("heading", { name: gina.name }).waitFor();
		for (const [panel, alerts] of [
			[list(v), 1],
			[threadPanel, 1],
			[details(v), 2],
		] as const) {
			await until("each says so", async () => (await panel.getByRole("alert").count()) === alerts);
			await panel
				.getByRole("alert")
				.getByText(c("error.other", { id: "req-1" }))
				.first()
				.waitFor();
		}
		await mustBeAccessible(v.page);
		const before = asked;
		await v.page.unroute(broken);
		for (const panel of [list(v), threadPanel, details(v), details(v)])
			await panel
				.getByRole("button", { name: c("retry") })
				.first()
				.click();
		await rows(v).first().waitFor();
		await bubble(v, "Dita 89.").waitFor();
		await until("nothing complains", async () => (await v.page.getByRole("alert").count()) === 0);
		expect(before).toBeLessThan(12);
	});

	test("further pages that fail say so where they would be, and are not asked for on and on", async () => {
		/* Who only looks reads nothing for others: no event of one's own has the list ask again. */
		const token = await world.createToken({ role: "viewer", clientSlug: "falha" });
		const v = await visit(world.url, { token, path: null });
		const c = v.texts(common);
		v.expectProblem(/^answer 500: /);
		v.expectProblem(/^console error: .* 500 /);
		const more = /[?&](?:cursor|before)=/;
		let asked = 0;
		await v.page.route(more, (route) => {
			asked++;
			return route.fulfill({ status: 500, json: { error: "internal" } });
		});
		await v.goto(gina.path);
		await bubble(v, "Dita 89.").waitFor();
		await scrollTo(thread(v), "top");
		/* Where one is: not the end that the thread was opened at. */
		await mustBeInView(v, thread(v).getByRole("alert"));
		await scrollTo(v.page.getByTestId("conversations"), "bottom");
		await list(v).getByRole("alert").waitFor();
		for (let i = 0; i < 5; i++)
			for (const box of [thread(v), v.page.getByTestId("conversations")]) {
				await scrollTo(box, "top");
				await scrollTo(box, "bottom");
			}
		await mustBeAccessible(v.page);
		expect(asked).toBe(2);
		await v.page.unroute(more);
		await scrollTo(thread(v), "top");
		await thread(v)
			.getByRole("button", { name: c("retry") })
			.click();
		await bubble(v, "Dita 0.").waitFor();
		await list(v)
			.getByRole("button", { name: c("retry") })
			.click();
		await until("the last of all is listed", async () => {
			await scrollTo(v.page.getByTestId("conversations"), "bottom");
			return await rows(v).filter({ hasText: "A primeira de todas" }).isVisible();
		});
	});

	test("what is on its way shows its shape", async () => {
		const v = await visit(world.url, { token: world.adminToken, path: null });
		const held: (() => void)[] = [];
		await v.page.route(/\/api\/(?:clients\/falha\/)?conversations/, async (route) => {
			await new Promise<void>((resolve) => held.push(resolve));
			await route.continue();
		});
		await v.goto(gina.path);
		const loading = v.texts(common)("loading");
		for (const panel of [list(v), thread(v), details(v)])
			await panel.getByRole("status", { name: loading }).first().waitFor();
		await mustBeAccessible(v.page);
		await v.page.unrouteAll({ behavior: "ignoreErrors" });
		for (const go of held) go();
		await bubble(v, "Dita 89.").waitFor();
		await until(
			"no shape is left",
			async () => (await v.page.getByRole("status", { name: loading }).count()) === 0,
		);
	});
});
