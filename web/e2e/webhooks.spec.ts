/* The journal: what came, what became of it, and how what did not go well is put right. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { common } from "../src/i18n/common";
import { texts, type Status } from "../src/pages/webhooks/messages";
import { texts as numbers } from "../src/pages/whatsapp/messages";
import { visit, type Visit } from "./browser";
import {
	mustBeAccessible,
	mustBeAccessibleInBothThemes,
	mustFitTheWidth,
	mustShowItsStates,
	tabTo,
} from "./look";
import { World, type Number } from "./world";

let world: World;
let viewer = "";
let stranger = "";
let one: Number;
/* Live messages of the number, one a body, that have not come yet. */
let more: string[] = [];

const NEWEST = "(SELECT id FROM journal ORDER BY id DESC LIMIT 1)";
const BREAK = `
CREATE TABLE kept AS SELECT id, body FROM journal WHERE id = ${NEWEST};
UPDATE journal SET body = substr(body, 2) WHERE id = ${NEWEST};
UPDATE journal_parts SET status = 'received', attempts = 8 WHERE entry_id = ${NEWEST} AND client_id IS NOT NULL;`;
const MEND = `
UPDATE journal SET body = (SELECT k.body FROM kept k WHERE k.id = journal.id) WHERE id IN (SELECT id FROM kept);`;

/* Nobody has registered it yet. */
const NEW: Number = {
	id: "",
	clientSlug: "acme",
	phoneNumberId: "700000001",
	wabaId: "800000001",
	displayNumber: "551140000001",
};

beforeAll(async () => {
	world = await World.start();
	for (const slug of ["acme", "vazia", "beta"]) await world.client(slug);
	viewer = await world.createToken({ role: "viewer", clientSlug: "acme" });
	stranger = await world.createToken({ role: "admin", clientSlug: "beta" });
	one = await world.connection("acme");
	const people = { people: 6, messages: 60, chunkMessages: 20, contacts: 8 };
	more = await world.bodies(one, { ...people, only: "live", live: 12 });
	await world.sim.meta(one, { ...people, only: "contacts,history,odd", parallel: 1 }).finished();
	const said = more.findIndex((body) => body.includes('"messages":['));
	await world.postWebhook(more.splice(said, 1)[0] ?? "");
	await world.applied();
	/* As a bad disk would: what is stored can no longer be read, and all tries are used up. */
	await world.stop();
	await world.sql(BREAK);
	await world.start();
	await world.applied();
});
afterAll(async () => await world.dispose());

const rows = (v: Visit) => v.page.getByRole("region", { name: v.texts(texts)("list") }).getByRole("listitem");
const entry = (v: Visit) => v.page.getByRole("complementary", { name: v.texts(texts)("id") });
const choose = async (v: Visit, key: "status" | "field" | "scope", value: string) => {
	await v.page
		.getByRole("group", { name: v.texts(texts)("filters") })
		.getByLabel(v.texts(texts)(key), { exact: true })
		.selectOption(value);
};
const status = (v: Visit, s: Status) => v.texts(texts)(`status.${s}`);

test("entries say what they are and what became of them, and filters stand in the address", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks" });
	const t = v.texts(texts);
	await rows(v).first().waitFor();
	const all = await rows(v).count();
	const notice = v.page.getByText(t("failed.some"));
	await notice.waitFor();
	await v.page.getByRole("button", { name: t("failed.show") }).click();
	await v.page.waitForURL(/situacao=failed/);
	await expect.poll(async () => await rows(v).count()).toBe(1);
	expect(await notice.count()).toBe(0);
	await choose(v, "status", "");
	await expect.poll(async () => await rows(v).count()).toBe(all);
	const first = rows(v).first();
	await first.getByText(status(v, "failed")).waitFor();
	await first.getByText(t("field.messages")).waitFor();
	await first.getByText(one.phoneNumberId).waitFor();
	await first.getByText(/^\d+ tentativas$/).waitFor();
	await first.locator("time").waitFor();
	await v.page.getByText(t("kept.days", { n: 30 })).waitFor();
	await mustBeAccessibleInBothThemes(v.page);

	await choose(v, "field", "history");
	await v.page.waitForURL(/campo=history/);
	await rows(v).first().getByText(t("field.history")).waitFor();
	expect(await rows(v).count()).toBeLessThan(all);
	await choose(v, "field", "");
	await choose(v, "status", "applied_with_problems");
	await rows(v)
		.first()
		.getByText(t("problemsN", { n: 1 }))
		.waitFor();
	await rows(v).first().click();
	await entry(v).getByText(t("problem.group_not_supported")).waitFor();
	await v.page.reload();
	await entry(v).getByText(t("problem.group_not_supported")).waitFor();
	await choose(v, "field", "smb_message_echoes");
	await v.page.getByText(t("empty.filtered.title")).waitFor();
	await v.page
		.getByRole("button", { name: t("clear") })
		.last()
		.click();
	await expect.poll(async () => await rows(v).count()).toBe(all);
});

test("the content of an entry is read, searched and copied", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks?campo=history" });
	const t = v.texts(texts);
	await v.context.grantPermissions(["clipboard-read", "clipboard-write"]);
	await rows(v).first().click();
	const content = entry(v).getByRole("group", { name: t("payload.text") });
	await content.getByText('"object": "whatsapp_business_account"').waitFor();
	await entry(v)
		.getByRole("searchbox", { name: t("payload.find") })
		.fill("history_context");
	await entry(v)
		.getByText(/^1 de \d+$/)
		.waitFor();
	await entry(v)
		.getByRole("button", { name: t("payload.next") })
		.click();
	await entry(v)
		.getByText(/^2 de \d+$/)
		.waitFor();
	await content.locator("mark").first().waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await entry(v)
		.getByRole("button", { name: t("payload.copy") })
		.click();
	await entry(v)
		.getByRole("button", { name: v.texts(common)("copied") })
		.waitFor();
	const copied: unknown = JSON.parse(await v.page.evaluate(() => navigator.clipboard.readText()));
	expect(copied).toHaveProperty("object", "whatsapp_business_account");
});

test("a failed webhook is found, put right and replayed, by keyboard alone", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks" });
	const t = v.texts(texts);
	const { page } = v;
	const filter = page.getByLabel(t("status"), { exact: true });
	await rows(v).first().waitFor();
	await tabTo(page, filter);
	await page.keyboard.press("f"); /* as one types in a list of choices: Falhou */
	await page.waitForURL(/situacao=failed/);
	await expect.poll(async () => await rows(v).count()).toBe(1);
	await tabTo(page, rows(v).first().getByRole("link"));
	await page.keyboard.press("Enter");
	await entry(v).getByText(t("why.failed")).waitFor();
	await entry(v).getByText(t("code.corrupt")).waitFor();
	await mustBeAccessible(page);

	/* The cause is mended; then the entry is told. */
	await world.sql(MEND);
	await tabTo(page, entry(v).getByRole("button", { name: t("replay"), exact: true }));
	await page.keyboard.press("Enter");
	await page.getByRole("status").getByText(t("replayed")).waitFor();
	await entry(v).getByText(t("why.applied")).waitFor();
	await entry(v).getByText('"object": "whatsapp_business_account"').waitFor();
	await page.keyboard.press("Escape");
	await page.getByText(t("empty.filtered.title")).waitFor();
});

test("what passes the filters is replayed at once, and counted before", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks?campo=history" });
	const t = v.texts(texts);
	await rows(v).first().waitFor();
	const n = await rows(v).count();
	const ask = v.page.getByRole("button", { name: t("replay.set") });
	const dialog = v.page.getByRole("dialog", { name: t("replay.title") });
	await ask.click();
	await dialog.getByText(t("replay.count", { n })).waitFor();
	await dialog.getByText(t("field.history")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await v.page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	await expect.poll(async () => await ask.evaluate((e) => e === document.activeElement)).toBe(true);
	await ask.click();
	await dialog.getByRole("button", { name: t("replay.confirm", { n }) }).click();
	await v.page.getByRole("status").getByText(t("replay.done", { n })).waitFor();
	await world.applied();
	const applied = rows(v).filter({ hasText: status(v, "applied") });
	await expect.poll(async () => await applied.count()).toBe(n);
});

test("what comes is seen as it comes, or when it is asked for", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks" });
	const t = v.texts(texts);
	await rows(v).first().waitFor();
	const all = await rows(v).count();
	const foot = (n: number) => v.page.getByText(t("loadedAll", { n }), { exact: true });
	await foot(all).waitFor();
	await world.postWebhook(more.shift() ?? "");
	await foot(all + 1).waitFor();
	await rows(v).first().getByText(status(v, "applied")).waitFor();
	const tail = v.page.getByRole("button", { name: t("tail") });
	await tail.click();
	expect(await tail.getAttribute("aria-pressed")).toBe("false");
	await world.postWebhook(more.shift() ?? "");
	await world.applied();
	await v.page.getByRole("button", { name: t("refresh") }).click();
	await foot(all + 2).waitFor();
});

test("what is parked leads the operator to register its number, and is then applied by itself", async () => {
	const [body = ""] = await world.bodies(NEW, { only: "live", live: 2, people: 2, messages: 10 });
	await world.postWebhook(body);
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks" });
	const t = v.texts(texts);
	await v.page.getByText(t("parked.count", { n: 1 })).waitFor();
	await v.page.getByRole("button", { name: t("parked.show") }).click();
	await rows(v).filter({ hasText: NEW.phoneNumberId }).click();
	await entry(v).getByText(t("parked.unknown")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	const address = v.page.url();
	await entry(v)
		.getByRole("link", { name: t("parked.register") })
		.click();
	const n = v.texts(numbers);
	const id = v.page.getByLabel(n("phoneNumberId"), { exact: true });
	expect(await id.inputValue()).toBe(NEW.phoneNumberId);
	await v.page.getByLabel(n("number"), { exact: true }).fill(`+${NEW.displayNumber}`);
	await v.page.getByLabel(n("wabaId"), { exact: true }).fill(NEW.wabaId);
	await v.page.getByRole("button", { name: n("new.save") }).click();
	await v.page.getByText(n("new.saved")).waitFor();
	await v.page.goto(address);
	await entry(v).getByText(t("why.applied")).waitFor();
});

test("a viewer reads what is theirs and may replay none of it; what is another's is not there", async () => {
	const v = await visit(world.url, { token: viewer, path: "/acme/webhooks" });
	const t = v.texts(texts);
	await rows(v).first().click();
	await entry(v).getByText(t("why.applied")).waitFor();
	const id = v.page.url().split("/").at(-1) ?? "";
	for (const name of [t("replay"), t("replay.all")])
		expect(await v.page.getByRole("button", { name }).count()).toBe(0);
	expect(await v.page.getByLabel(t("scope"), { exact: true }).count()).toBe(0);
	await v.page.getByText(t("kept")).waitFor();
	const answer = await v.context.request.post(`${world.url}/api/webhook-events/${id}/replay`, {
		headers: { origin: world.url },
	});
	expect(answer.status()).toBe(403);

	const w = await visit(world.url, { token: stranger, path: `/beta/webhooks/${id}` });
	w.expectProblem(/^console error: .* 404 /);
	await entry(w).getByText(t("gone.title")).waitFor();
	await mustBeAccessible(w.page);
});

test("on a phone, in English and in the dark: the list, an entry, and back", async () => {
	const look = { language: "en", theme: "dark", device: "phone" } as const;
	const v = await visit(world.url, { token: viewer, path: "/acme/webhooks", ...look });
	const t = v.texts(texts);
	await rows(v).first().waitFor();
	await mustFitTheWidth(v.page);
	await mustBeAccessible(v.page);
	await rows(v).first().click();
	await entry(v).getByText(t("why.applied")).waitFor();
	await mustFitTheWidth(v.page);
	await mustBeAccessible(v.page);
	await v.page.getByRole("button", { name: t("backToList") }).click();
	await rows(v).first().waitFor();
});

test("an empty journal says what it waits for; loading, an error and no network are told", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/vazia/webhooks" });
	const t = v.texts(texts);
	await v.page.getByText(t("empty.text")).waitFor();
	await mustBeAccessible(v.page);
	await mustShowItsStates(v, {
		path: "/acme/webhooks",
		api: "/api/clients/acme/webhook-events",
		ready: rows(v).first(),
	});
});
