/* What somebody has to look at: it comes to every page by itself, says what to do, and goes away again. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { phone } from "../src/lib/format";
import { alertMessages } from "../src/shell/alertMessages";
import { visit, type Visit } from "./browser";
import { mustBeAccessible, mustBeAccessibleInBothThemes, mustFitTheWidth, tabTo } from "./look";
import { engine } from "./postgres";
import { until } from "./waiting";
import { World, type Number } from "./world";

const SECRET = "a secret of the receiver's";

interface Told {
	kind: string;
	state: string;
	clientSlug: string | null;
	isSigned: boolean;
}

let world: World;
let receiver: Server;
let first: Number;
let second: Number;
let viewer = "";
const told: Told[] = [];
let moment = 0;

function take(request: IncomingMessage, done: () => void): void {
	const chunks: Buffer[] = [];
	request.on("data", (chunk: Buffer) => chunks.push(chunk));
	request.on("end", () => {
		const body = Buffer.concat(chunks);
		const mac = createHmac("sha256", SECRET).update(body).digest("hex");
		const isSigned = request.headers["x-recado-signature-256"] === `sha256=${mac}`;
		told.push({ ...(JSON.parse(body.toString()) as Omit<Told, "isSigned">), isSigned });
		done();
	});
}

beforeAll(async () => {
	receiver = createServer((request, response) => take(request, () => response.writeHead(204).end()));
	await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
	world = await World.start({
		settings: {
			ALERT_WEBHOOK_URL: `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/hook`,
			ALERT_WEBHOOK_SECRET: SECRET,
		},
	});
	for (const slug of ["acme", "beta"]) await world.client(slug);
	first = await world.connection("acme");
	second = await world.connection("acme");
	viewer = await world.createToken({ role: "viewer", clientSlug: "acme" });
});
afterAll(async () => {
	await world.dispose();
	receiver.close();
});

const banner = (v: Visit) => v.page.getByRole("status", { name: v.texts(alertMessages)("label") });

/* Meta's word on the account of a number. */
const account = (number: Number, event: string) =>
	world.postWebhook({
		object: "whatsapp_business_account",
		entry: [
			{
				id: number.wabaId,
				time: (moment = Math.max(moment + 1, Math.ceil(Date.now() / 1000))),
				changes: [{ field: "account_update", value: { event } }],
			},
		],
	});

const refuse = (number: Number, isRefused: boolean) =>
	world.sql(
		`UPDATE connections SET token_failed_at = ${isRefused ? "updated_at" : "NULL"}, token_failed_code = 190, ` +
			`token_failed_reason = 'token_invalid' WHERE phone_number_id = '${number.phoneNumberId}'`,
	);

test("a number that Meta disconnects is told on whatever page is open, and its return too", async () => {
	const v = await visit(world.url, { token: viewer, path: "/acme/conversas" });
	const t = v.texts(alertMessages);
	const title = t("title.disconnected", { number: phone(first.displayNumber) });
	await until("the banner's place is there", async () => (await banner(v).count()) === 1);
	expect(await banner(v).textContent()).toBe("");
	await account(first, "PARTNER_REMOVED");
	await banner(v).getByText(title).waitFor();
	await banner(v).getByText(t("remedy.disconnected")).waitFor();
	await mustBeAccessibleInBothThemes(v.page);
	await banner(v)
		.getByRole("link", { name: t("open.whatsapp") })
		.click();
	await v.page.waitForURL(`**/acme/whatsapp/${first.id}`);
	await account(first, "ACCOUNT_RECONNECTED");
	await banner(v).getByText(title).waitFor({ state: "detached" });
	await until("both were told", () => told.length === 2);
	expect(told.map((x) => [x.kind, x.state, x.clientSlug, x.isSigned])).toEqual([
		["disconnected", "raised", "acme", true],
		["disconnected", "cleared", "acme", true],
	]);
});

test("several are one line; who hides them finds them again, by keyboard, in English", async () => {
	const v = await visit(world.url, { token: viewer, path: "/acme/indicadores", language: "en" });
	const t = v.texts(alertMessages);
	const hidden = banner(v).getByRole("button", { name: t("count", { n: 2 }) });
	await refuse(first, true);
	await banner(v)
		.getByText(t("title.token_refused", { number: phone(first.displayNumber) }))
		.waitFor();
	await account(second, "PARTNER_REMOVED");
	await banner(v)
		.getByText(t("count", { n: 2 }))
		.waitFor();
	expect(await banner(v).getByRole("link").count()).toBe(0);
	const all = banner(v).getByRole("button", { name: t("all") });
	await tabTo(v.page, all);
	await v.page.keyboard.press("Enter");
	await banner(v).getByText(t("remedy.token_refused")).waitFor();
	expect(await banner(v).getByRole("link").count()).toBe(2);
	await mustBeAccessible(v.page);
	await banner(v)
		.getByRole("button", { name: t("hide") })
		.click();
	await hidden.waitFor();
	await mustBeAccessible(v.page);
	await hidden.click();
	await banner(v)
		.getByRole("button", { name: t("hide") })
		.click();
	/* A new one is shown, though the others were hidden. */
	await refuse(second, true);
	await banner(v)
		.getByText(t("count", { n: 3 }))
		.waitFor();
	await refuse(first, false);
	await refuse(second, false);
	await account(second, "ACCOUNT_RECONNECTED");
	await until("nothing is left", async () => (await banner(v).textContent()) === "");
});

test("on a phone it takes no more than the width", async () => {
	await refuse(first, true);
	await account(second, "PARTNER_REMOVED");
	const v = await visit(world.url, {
		token: viewer,
		path: "/acme/importacoes",
		device: "phone",
		theme: "dark",
	});
	const t = v.texts(alertMessages);
	await banner(v)
		.getByText(t("count", { n: 2 }))
		.waitFor();
	await mustFitTheWidth(v.page);
	await banner(v)
		.getByRole("button", { name: t("all") })
		.click();
	await banner(v).getByText(t("remedy.disconnected")).waitFor();
	await mustFitTheWidth(v.page);
	await mustBeAccessible(v.page);
	await refuse(first, false);
	await account(second, "ACCOUNT_RECONNECTED");
	await until("nothing is left", async () => (await banner(v).textContent()) === "");
});

test("what is the installation's, the operator alone sees; another client's, nobody", async () => {
	const far = engine === "sqlite" ? "32472144000000" : "TIMESTAMPTZ '2999-01-01'";
	/* As another process, which is blocked, would hold it. */
	await world.sql(
		"INSERT INTO alerts (kind, about, firing, since, changes, detail, owner, held_until) " +
			`SELECT 'journal_stuck', id, true, created_at, 1, '{"oldestSeconds":0,"blocked":true}', id, ${far} ` +
			"FROM clients WHERE slug = 'beta'",
	);
	await refuse(first, true);
	const v = await visit(world.url, { token: viewer, path: "/acme/conversas" });
	const t = v.texts(alertMessages);
	await banner(v)
		.getByText(t("title.token_refused", { number: phone(first.displayNumber) }))
		.waitFor();
	const o = await visit(world.url, { token: world.adminToken, path: "/beta/conversas" });
	await banner(o).getByText(t("title.journal_stuck")).waitFor();
	await banner(o)
		.getByRole("link", { name: t("open.webhooks") })
		.click();
	await o.page.waitForURL("**/beta/webhooks");
});
