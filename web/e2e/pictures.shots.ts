/*
 * The pictures of the page for docs/images (`make screenshots`): the clinic of `story.ts` on SQLite,
 * looked at in both themes, and some of it on a phone. PICTURES names the folder they go to.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";
import { texts as analysis } from "../src/pages/analysis/messages";
import { texts as webhooks } from "../src/pages/webhooks/messages";
import { visit, type Device, type Visit } from "./browser";
import { Desk } from "./desk";
import { Judge } from "./judge";
import * as story from "./story";
import { until } from "./waiting";
import { echoed, history, received, statuses, text, type Person } from "./webhook";
import { World, type Number } from "./world";

const FOLDER = process.env["PICTURES"] ?? ".";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const { slug } = story.CLINIC;
const NEWEST = "(SELECT id FROM journal ORDER BY id DESC LIMIT 1)";

let world: World;
let desk: Desk;
let judge: Judge;
const at = { ana: "", syncing: "", report: "", failed: "" };

const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS);
const isOurs = (words: string) => words.startsWith("< ");
const bare = (words: string) => (isOurs(words) ? words.slice(2) : words);

async function connect(
	verifiedName: string,
	displayNumber: string,
	mode: "coexistence" | "cloud_api" = "coexistence",
): Promise<Number> {
	const phoneNumberId = `10${displayNumber}`;
	const wabaId = `90${displayNumber}`;
	const { connection } = await world.api("post", "/api/clients/{slug}/connections", {
		path: { slug },
		body: {
			kind: "whatsapp",
			mode,
			phoneNumberId,
			wabaId,
			displayPhoneNumber: `+${displayNumber}`,
			historySync: mode === "coexistence",
		},
	});
	await world.api("patch", "/api/connections/{id}", {
		path: { id: connection.id },
		body: { verifiedName, accessToken: "EAAG-das-imagens" },
	});
	return { id: connection.id, clientSlug: slug, phoneNumberId, wabaId, displayNumber };
}

/* One who writes or is written to, live. */
let said = 0;
async function say(number: Number, who: Person, when: Date, words: string): Promise<void> {
	const message = text(`wamid.story-${++said}`, when, bare(words));
	await world.postWebhook(isOurs(words) ? echoed(number, who, message) : received(number, who, message));
	if (isOurs(words))
		await world.postWebhook(
			statuses(number, who, { id: message.id, at: new Date(when.getTime() + 20_000), status: "read" }),
		);
	await world.applied();
}

async function conversationOf(who: Person): Promise<string> {
	const found = await world.api("get", "/api/clients/{slug}/conversations", {
		path: { slug },
		query: { q: who.waId },
	});
	return found.data[0]?.id ?? "";
}

/* The helpdesk's past weeks, graded by the rubric as if each had been on the day after. */
async function grade(): Promise<void> {
	const path = { slug };
	desk = await Desk.open(world, slug);
	for (const v of story.visits(110)) {
		const start = new Date(Date.now() - v.daysAgo * DAY_MS);
		const end = new Date(start.getTime() + v.minutes * MINUTE_MS);
		const turns = story.talks[v.talk]?.turns ?? [];
		desk.add({ ...v, start, end, words: turns, pace: (v.answeredAfter * 60) / 2 });
	}
	await desk.import(world, slug);
	for (const rubric of [story.RUBRIC_BEFORE, story.RUBRIC])
		await world.api("post", "/api/admin/{slug}/analysis-scripts", {
			path,
			body: { ...rubric, isActive: true },
		});
	const ran = await world.request("post", `/api/admin/${slug}/session-analyses/run`, {
		body: { scriptKey: story.RUBRIC.scriptKey, minMessages: 8, limit: 500 },
	});
	const { job } = ran.body as { job?: { id: string } };
	if (job !== undefined) await world.jobEnded(job.id);
	const sessions = await world.api("get", "/api/conversations/{id}/sessions", {
		path: { id: at.ana },
		query: { limit: 10 },
	});
	at.report = sessions.data.find((s) => s.messageCount === story.revision.length)?.id ?? "";
}

async function tellHistory(main: Number, syncing: Number, declined: Number): Promise<void> {
	const begun = Date.now() - 12 * DAY_MS;
	await world.postWebhook(
		history(
			main,
			story.ana,
			story.revision.map((words, i) => ({
				...text(`wamid.revision-${i}`, new Date(begun + i * 2 * MINUTE_MS), bare(words)),
				fromMe: isOurs(words),
			})),
			{ phase: 2, chunk_order: 1, progress: 100 },
		),
	);
	await world.applied();
	at.ana = await conversationOf(story.ana);
	await grade();
	/* What the simulator tells is older than what the story does, and not graded. */
	const past = {
		people: 260,
		messages: 6000,
		chunkMessages: 1000,
		at: new Date(begun - 9 * DAY_MS).toISOString(),
	};
	await world.sim
		.meta(main, {
			...past,
			seed: 9,
			people: 140,
			messages: 2500,
			only: "contacts,history",
			parallel: 1,
			rate: 1,
		})
		.finished();
	for (const body of await world.bodies(syncing, { ...past, only: "contacts,history" })) {
		await world.postWebhook(body);
		await world.applied();
		if (/"progress":5\d/.test(body)) break;
		/* A phone takes its time: the pictures tell how long it took. */
		await sleep(4000);
	}
	await world.sim.meta(declined, { only: "history", decline: "envelope" }).finished();
}

async function tellToday(main: Number): Promise<void> {
	for (const [who, minutes, words, unread] of [...story.lately].reverse()) {
		if (unread > 1) await say(main, who, ago(minutes + 3), "Oi, tudo bem?");
		if (unread > 2) await say(main, who, ago(minutes + 2), "É sobre a consulta de amanhã");
		if (unread === 0 && isOurs(words)) await say(main, who, ago(minutes + 9), "Bom dia!");
		await say(main, who, ago(minutes), words);
		const id = await conversationOf(who);
		if (unread === 0) await world.api("post", "/api/conversations/{id}/read", { path: { id } });
	}
	for (const [minutes, words] of story.today) await say(main, story.ana, ago(minutes), words);
	await world.postWebhook(
		received(main, story.ana, {
			id: "wamid.story-thanks",
			at: ago(42),
			type: "reaction",
			reaction: { message_id: `wamid.story-${said - 2}`, emoji: "❤️" },
		}),
	);
}

beforeAll(async () => {
	await mkdir(FOLDER, { recursive: true });
	judge = await Judge.open(story.RUBRIC, story.verdictOf);
	world = await World.start({
		settings: {
			OPENAI_BASE_URL: judge.url,
			OPENAI_API_KEY: "sk-clinica-aurora",
			OPENAI_PRICES: "0.25,0.025,2",
			ANALYSIS_CONCURRENCY: "16",
			EXTERNAL_API_REQUESTS_PER_MINUTE: "1200",
		},
	});
	await world.client(slug, story.CLINIC.name);
	await world.client(story.OPTICIAN.slug, story.OPTICIAN.name);
	for (const [name, role] of [
		["Painel da recepção", "viewer"],
		["Carla Menezes", "agent"],
		["Juliana Reis", "admin"],
	] as const)
		await world.api("post", "/api/tokens", { body: { name, role, clientSlug: slug } });
	const syncing = await connect("Aurora Jardins", "5511997312040");
	const main = await connect("Aurora Moema", "5511984127755");
	const declined = await connect("Aurora Botafogo", "5521971203388");
	await connect("Central Aurora", "551140031180", "cloud_api");
	at.syncing = syncing.id;
	await tellHistory(main, syncing, declined);
	await tellToday(main);

	/* One webhook that a bad disk spoilt, and two for a number that nobody has registered yet. */
	await say(main, story.ana, ago(2), "Ela se chama Marina 😊");
	await world.stop();
	await world.sql(`
		UPDATE session_analyses SET "processedAt" = "sessionEndedAt";
		UPDATE journal SET body = substr(body, 2) WHERE id = ${NEWEST};
		UPDATE journal_parts SET status = 'received', attempts = 8 WHERE entry_id = ${NEWEST} AND client_id IS NOT NULL;`);
	await world.start();
	await world.applied();
	const stranger = {
		...main,
		phoneNumberId: "105511930021144",
		wabaId: "905511930021144",
		displayNumber: "5511930021144",
	};
	for (const [who, minutes, words] of story.lately.slice(0, 2))
		await world.postWebhook(
			received(stranger, who, text(`wamid.parked-${minutes}`, ago(minutes), words)),
		);
	const failed = await world.api("get", "/api/webhook-events", { query: { status: "failed", limit: 1 } });
	at.failed = failed.data[0]?.id ?? "";
}, 300_000);
afterAll(async () => {
	judge.close();
	await world.dispose();
	await desk.close();
});

/* Still: nothing is on its way, nothing moves, nothing is pointed at. */
async function settle(page: Page): Promise<void> {
	await page.waitForLoadState("load");
	await page.evaluate(() => document.fonts.ready);
	await page.mouse.move(0, 0);
	await until("nothing is on its way", async () => {
		const shapes = await page.locator("[role=status][aria-label='Carregando…']").count();
		return shapes === 0;
	});
	await page.waitForTimeout(400);
}

type Prepare = (v: Visit) => Promise<void>;
type Shot = [name: string, path: () => string, prepare?: Prepare];

const dryRun: Prepare = async (v) => {
	const t = v.texts(analysis);
	await v.page.getByLabel(t("run.min")).fill("8");
	await v.page.getByRole("button", { name: t("run.dry"), exact: true }).click();
	await v.page.getByRole("region", { name: t("run.plan"), exact: true }).waitFor();
};
const lightUp: Prepare = async (v) => {
	await v.page
		.getByRole("button", { name: story.talks[0]?.verdict.issues[0]?.excerpts[0] ?? "" })
		.first()
		.click();
};
const payload: Prepare = async (v) => {
	await v.page.getByRole("listitem").getByText(v.texts(webhooks)("status.failed")).first().waitFor();
};

const SHOTS: Shot[] = [
	["inbox", () => `/${slug}/conversas/${at.ana}`],
	["whatsapp", () => `/${slug}/whatsapp`],
	["history", () => `/${slug}/whatsapp/${at.syncing}`],
	["new-number", () => `/${slug}/whatsapp/nova`],
	["results", () => `/${slug}/avaliacoes`],
	["rubric", () => `/${slug}/avaliacoes/roteiros/${story.RUBRIC.scriptKey}`],
	["run", () => `/${slug}/avaliacoes/executar`, dryRun],
	["report", () => `/${slug}/avaliacoes/sessao/${at.report}`, lightUp],
	["figures", () => `/${slug}/indicadores`],
	["webhooks", () => `/${slug}/webhooks/${at.failed}`, payload],
	["clients", () => `/${slug}/administracao/clientes`],
	["tokens", () => `/${slug}/administracao/tokens`],
	["settings", () => `/${slug}/administracao/configuracoes`],
	["audit", () => `/${slug}/administracao/auditoria`],
	["health", () => `/${slug}/administracao/saude`],
];
const ON_PHONE: Shot[] = [
	["inbox", () => `/${slug}/conversas`],
	["thread", () => `/${slug}/conversas/${at.ana}`],
	["whatsapp", () => `/${slug}/whatsapp`],
	["report", () => `/${slug}/avaliacoes/sessao/${at.report}`],
];

/* In the afternoon, whenever it is that this is made. */
function afternoon(): string {
	const ahead = ((15 - new Date().getUTCHours() + 36) % 24) - 12;
	return ahead === 0 ? "Etc/GMT" : `Etc/GMT${ahead > 0 ? "-" : "+"}${Math.abs(ahead)}`;
}

async function look(path: string | null, device: Device, theme: "light" | "dark"): Promise<Visit> {
	return await visit(world.url, { token: world.adminToken, path, device, theme, timezone: afternoon() });
}

async function shoot(shots: readonly Shot[], device: Device, theme: "light" | "dark"): Promise<void> {
	const v = await look(null, device, theme);
	for (const [name, path, prepare] of shots) {
		await v.goto(path());
		await settle(v.page);
		await prepare?.(v);
		if (prepare !== undefined) await settle(v.page);
		const file = [name, ...(device === "phone" ? ["phone"] : []), theme].join("-");
		await v.page.screenshot({ path: join(FOLDER, `${file}.png`), scale: "css" });
	}
	await v.done();
}

describe.each(["light", "dark"] as const)("%s", (theme) => {
	test("desktop", async () => await shoot(SHOTS, "desktop", theme), 180_000);

	test("phone", async () => await shoot(ON_PHONE, "phone", theme), 120_000);

	test("login", async () => {
		const v = await visit(world.url, { theme });
		await settle(v.page);
		await v.page.screenshot({ path: join(FOLDER, `login-${theme}.png`) });
	});
});

test("an import under way", async () => {
	const { slug: optician } = story.OPTICIAN;
	const { port } = new URL(
		await world.sim.helpdesk(optician, { tickets: 500, messages: 6000, contacts: 400 }),
	);
	/* The same by a name, as one has that is no test. */
	await world.api("patch", "/api/clients/{slug}", {
		path: { slug: optician },
		body: { apiBaseUrl: `http://helpdesk.localhost:${port}` },
	});
	await world.api("post", "/api/jobs/import/{slug}", { path: { slug: optician } });
	const v = await look(`/${optician}/importacoes`, "desktop", "light");
	await v.page.getByText(/faltam ~/).waitFor({ timeout: 60_000 });
	for (const theme of ["light", "dark"] as const) {
		await v.page.emulateMedia({ colorScheme: theme });
		await v.page.screenshot({ path: join(FOLDER, `import-${theme}.png`) });
	}
}, 120_000);
