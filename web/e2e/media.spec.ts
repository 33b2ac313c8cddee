/*
 * Files of messages: fetched from the simulated Meta by the server, shown and played by the browser
 * itself. Everything between is real.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mediaReasons } from "../src/pages/inbox/mediaReasons";
import { texts } from "../src/pages/inbox/messages";
import { visit, type Visit } from "./browser";
import { bubble, conversationOf, thread } from "./inboxPage";
import { mustBeAccessible, mustFitTheWidth } from "./look";
import { until } from "./waiting";
import { received, text, type Person } from "./webhook";
import { type Number, World } from "./world";

/* One green dot. */
const PNG =
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/* Two seconds of silence. */
function wav(): string {
	const samples = 16000;
	const b = Buffer.alloc(44 + samples, 128);
	b.write("RIFF", 0);
	b.writeUInt32LE(36 + samples, 4);
	b.write("WAVEfmt ", 8);
	b.writeUInt32LE(16, 16);
	b.writeUInt16LE(1, 20);
	b.writeUInt16LE(1, 22);
	b.writeUInt32LE(8000, 24);
	b.writeUInt32LE(8000, 28);
	b.writeUInt16LE(1, 32);
	b.writeUInt16LE(8, 34);
	b.write("data", 36);
	b.writeUInt32LE(samples, 40);
	return b.toString("base64");
}

let world: World;
let number: Number;
let agent = "";
let n = 0;
let who: Person;
let conversation = "";

beforeAll(async () => {
	world = await World.start({
		graph: {},
		model: {},
		settings: { TRANSCRIBE: "true", TRANSCRIBE_PRICES: "1.25,5" },
	});
	await world.client("acme");
	number = await world.connection("acme", { historySync: false });
	await world.letSend(number);
	agent = await world.createToken({ role: "agent", clientSlug: "acme" });
});
afterAll(async () => await world.dispose());

/* A customer for each test. */
beforeEach(async () => {
	n++;
	who = { waId: String(5511987660000 + n), name: `Cliente ${String(n)}` };
	await world.postWebhook(
		received(number, who, text(`wamid.hi-${String(n)}`, new Date(), "Segue o arquivo")),
	);
	await world.applied();
	conversation = await conversationOf(world, "acme", who.waId);
});

/* The customer sends a file; `has` is what the simulated Meta has under its id. */
async function send(type: string, object: Record<string, unknown>, has: object): Promise<void> {
	const id = String(700000 + ++n);
	await world.graph("media", { id, ...has });
	await world.postWebhook(
		received(number, who, { id: `wamid.file-${id}`, at: new Date(), type, [type]: { id, ...object } }),
	);
	await world.applied();
}

async function enter(options: { language?: "pt-BR" | "en"; device?: "phone" } = {}): Promise<Visit> {
	const v = await visit(world.url, {
		token: agent,
		path: `/acme/conversas/${conversation}`,
		...options,
	});
	await bubble(v, "Segue o arquivo").waitFor();
	return v;
}

describe("files", () => {
	test("a picture that is still to come has its reason, and is there without asking again", async () => {
		await world.graph("media", { id: "1", fail: 2, content: PNG, mime: "image/png" });
		const v = await enter();
		const t = v.texts(texts);
		await world.postWebhook(
			received(number, who, {
				id: "wamid.late",
				at: new Date(),
				type: "image",
				image: { id: "1", mime_type: "image/png", caption: "A nota" },
			}),
		);
		const reason = v.texts(mediaReasons)("server_error");
		await bubble(v, "A nota").getByText(t("media.pending.why", { reason })).waitFor();
		const picture = bubble(v, "A nota").getByRole("img", { name: "A nota" });
		await picture.waitFor({ timeout: 30_000 });
		await until("it is seen", () => picture.evaluate((e) => (e as HTMLImageElement).naturalWidth === 1));
		await mustBeAccessible(v.page);
	});

	test("the place of a picture is kept before it is there", async () => {
		await send("image", { mime_type: "image/png" }, { content: PNG, mime: "image/png" });
		await until("it is fetched", async () => {
			const page = await world.api("get", "/api/conversations/{id}/messages", {
				path: { id: conversation },
			});
			return page.data.some((m) => m.media?.status === "ready");
		});
		const v = await visit(world.url, { token: agent, path: "/acme/conversas" });
		let letThrough: () => void = () => undefined;
		const asked = new Promise<void>((resolve) => {
			void v.page.route("**/api/media/*", async (route) => {
				resolve();
				await new Promise<void>((go) => (letThrough = go));
				await route.continue();
			});
		});
		await v.page.goto(`${world.url}/acme/conversas/${conversation}`);
		const picture = thread(v).getByRole("img", { name: v.texts(texts)("type.image") });
		await asked;
		const before = await picture.boundingBox();
		letThrough();
		await until("it is seen", () => picture.evaluate((e) => (e as HTMLImageElement).naturalWidth > 0));
		expect(before?.height).toBeGreaterThan(100);
		expect(await picture.boundingBox()).toEqual(before);
	});

	test("a voice message is played with the keyboard", async () => {
		await send("audio", { mime_type: "audio/wav", voice: true }, { content: wav(), mime: "audio/wav" });
		const v = await enter();
		const player = thread(v).getByLabel(v.texts(texts)("type.voice"));
		await player.waitFor({ timeout: 20_000 });
		expect(await player.evaluate((e) => (e as HTMLAudioElement).readyState)).toBe(0);
		await player.focus();
		await v.page.keyboard.press("Space");
		await until("it plays", () => player.evaluate((e) => (e as HTMLAudioElement).duration === 2));
		await mustBeAccessible(v.page);
	});

	test("what is said in it is written down, and shown for who wants to read it", async () => {
		await send("audio", { mime_type: "audio/wav", voice: true }, { content: wav(), mime: "audio/wav" });
		const v = await enter();
		const t = v.texts(texts);
		const said = thread(v).getByText(/Áudio de 16044 bytes/);
		await thread(v).getByText(t("transcript"), { exact: true }).waitFor({ timeout: 20_000 });
		expect(await said.isVisible()).toBe(false);
		await thread(v).getByText(t("transcript"), { exact: true }).click();
		await said.waitFor();
		await mustBeAccessible(v.page);
		const metrics = String((await world.request("get", "/metrics")).body);
		expect(metrics).toMatch(/recado_transcripts_total\{result="ready"\} [1-9]/);
		expect(metrics).toMatch(/recado_transcript_cost_micro_usd_total [1-9]/);
	});

	test("a document is had under its name, with its size", async () => {
		const content = Buffer.from("%PDF-1.7 ".padEnd(2048, " ")).toString("base64");
		await send(
			"document",
			{ mime_type: "application/pdf", filename: "Orçamento 2026.pdf" },
			{ content, mime: "application/pdf" },
		);
		const v = await enter();
		const link = thread(v).getByRole("link", { name: "Orçamento 2026.pdf" });
		await link.waitFor({ timeout: 20_000 });
		await bubble(v, "Orçamento 2026.pdf")
			.getByText(/^2(,0)? KB$/)
			.waitFor();
		const [download] = await Promise.all([v.page.waitForEvent("download"), link.click()]);
		expect(download.suggestedFilename()).toBe("Orçamento 2026.pdf");
	});

	test("what cannot be had says why, in both languages and on a phone", async () => {
		await send("video", { mime_type: "video/mp4" }, { old: true });
		for (const language of ["pt-BR", "en"] as const) {
			const v = await enter({ language, device: "phone" });
			const reason = v.texts(mediaReasons)("not_found");
			await thread(v)
				.getByText(v.texts(texts)("media.unavailable.why", { reason }))
				.waitFor({ timeout: 20_000 });
			await mustFitTheWidth(v.page);
			await mustBeAccessible(v.page);
		}
	});

	test("a drawing with a script in it is not shown, and does not run", async () => {
		const svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='x'</script></svg>";
		await send(
			"image",
			{ mime_type: "image/svg+xml" },
			{ content: Buffer.from(svg).toString("base64"), mime: "image/svg+xml" },
		);
		const v = await enter();
		await thread(v).getByText(v.texts(texts)("media.broken")).waitFor({ timeout: 20_000 });
		expect(await v.page.title()).not.toBe("x");
	});
});
