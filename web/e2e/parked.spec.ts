/* What comes for a number that nobody has registered: it is shown, explained and let go. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { texts as adminTexts } from "../src/pages/admin/messages";
import { texts as inboxTexts } from "../src/pages/inbox/messages";
import { texts as releaseTexts } from "../src/pages/Release";
import { texts } from "../src/pages/webhooks/messages";
import { texts as whatsappTexts } from "../src/pages/whatsapp/messages";
import { visit } from "./browser";
import { mustBeAccessible, mustFitTheWidth } from "./look";
import { World } from "./world";

const NUMBER = "555000111";

let world: World;
let admin = "";

beforeAll(async () => {
	world = await World.start();
	await world.client("acme", "Acme");
	admin = await world.createToken({ role: "admin", clientSlug: "acme" });
});
afterAll(async () => await world.dispose());

function message(id: string, text: string): unknown {
	const value = {
		messaging_product: "whatsapp",
		metadata: { display_phone_number: "551133334444", phone_number_id: NUMBER },
		contacts: [{ profile: { name: "Ana" }, wa_id: "5511988887777" }],
		messages: [
			{
				from: "5511988887777",
				id: `wamid.${id}`,
				timestamp: String(Math.floor(Date.now() / 1000)),
				type: "text",
				text: { body: text },
			},
		],
	};
	return {
		object: "whatsapp_business_account",
		entry: [{ id: "777", changes: [{ field: "messages", value }] }],
	};
}

test("the operator sees what is parked, registers its number by the way that is shown, and lets it go", async () => {
	const v = await visit(world.url, { token: world.adminToken, path: "/acme/webhooks" });
	const t = v.texts(texts);
	await v.page.getByText(t("empty.title")).waitFor();
	/* it comes while the page is open */
	await world.postWebhook(message("P1", "oi"));
	await world.postWebhook(message("P2", "alguém aí?"));
	await v.page.getByRole("button", { name: t("parked.show") }).click();
	await v.page.getByTestId("journal").locator("[data-row]").first().getByRole("link").click();
	await v.page.getByText(t("parked.unknown")).waitFor();
	await mustBeAccessible(v.page);
	await mustFitTheWidth(v.page);
	await v.page.getByRole("link", { name: t("parked.register") }).click();
	const id = v.page.getByLabel(v.texts(whatsappTexts)("phoneNumberId"), { exact: true });
	expect(await id.inputValue()).toBe(NUMBER);
	/* it is a client's administrator who registers it, so the operator's word is needed */
	await world.request("post", "/api/clients/acme/connections", {
		token: admin,
		body: {
			kind: "whatsapp",
			mode: "cloud_api",
			phoneNumberId: NUMBER,
			wabaId: "777",
			displayPhoneNumber: "+551133334444",
			historySync: false,
		},
	});
	await v.page.goBack();
	await v.page.getByText(t("parked.registered")).waitFor();
	await v.page.getByRole("button", { name: v.texts(releaseTexts)("release") }).click();
	await v.page.getByText(v.texts(releaseTexts)("released", { n: 2 })).waitFor();
	await v.goto("/acme/conversas");
	await v.page.getByText("alguém aí?").waitFor();
});

test("an administrator of one client is not offered what only the operator does", async () => {
	await world.postWebhook(message("P3", "mais uma"));
	const v = await visit(world.url, { token: admin, path: "/acme/webhooks" });
	const t = v.texts(texts);
	await v.page.getByTestId("journal").locator("[data-row]").first().waitFor();
	expect(await v.page.getByRole("button", { name: t("parked.show") }).count()).toBe(0);
	expect(await v.page.getByLabel(t("scope"), { exact: true }).count()).toBe(0);
	/* the count of a replay is the server's */
	await v.page.getByRole("button", { name: t("replay.all") }).click();
	await v.page.getByText(t("replay.count", { n: 3 })).waitFor();
	await v.page.getByRole("button", { name: t("replay.confirm", { n: 3 }) }).click();
	await v.page.getByText(t("replay.done", { n: 3 })).waitFor();
	await v.goto("/acme/administracao/clientes");
	await v.page.getByRole("cell", { name: "acme", exact: true }).waitFor();
	expect(await v.page.getByRole("button", { name: v.texts(adminTexts)("clients.add") }).count()).toBe(0);
});

test("a session's beginning is one click away", async () => {
	const v = await visit(world.url, { token: admin, path: "/acme/conversas" });
	await v.page.getByText("mais uma").first().click();
	await v.page
		.getByRole("complementary")
		.getByRole("button", { name: v.texts(inboxTexts)("session.beginning") })
		.first()
		.click();
	await v.page.waitForURL(/mensagem=/);
	await v.page.getByTestId("thread").getByText("oi", { exact: true }).waitFor();
});
