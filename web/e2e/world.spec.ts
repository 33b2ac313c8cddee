/* The world itself: what the specs rely on when they say what there is to be seen. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./waiting";
import { World, type Number } from "./world";

let world: World;
let number: Number;

beforeAll(async () => {
	world = await World.start({ model: { manners: "none" }, settings: { ANALYSIS_CONCURRENCY: "4" } });
	await world.client("acme", "Acme");
	number = await world.connection("acme");
});
afterAll(async () => await world.dispose());

test("a history is told to its end", async () => {
	await world.sim
		.meta(number, { only: "contacts,history", messages: 200, people: 10, contacts: 10, live: 0 })
		.finished();
	await world.applied();
	const seen = await until("the history is complete", async () => {
		const connection = await world.look(number);
		return connection.historySyncStatus === "completed" && connection;
	});
	expect(seen.historyCounters?.messagesImported).toBeGreaterThan(0);
});

test("a delivery that is signed is taken", async () => {
	await world.postWebhook({ object: "whatsapp_business_account", entry: [] });
	await world.applied();
});

test("a helpdesk is imported, by the server and by a command beside it", async () => {
	await world.sim.helpdesk("acme", { tickets: 10, messages: 60 });
	const { jobId } = await world.api("post", "/api/jobs/import/{slug}", { path: { slug: "acme" } });
	expect((await world.jobEnded(jobId)).status).toBe("succeeded");
	const command = await world.recado("import", "acme", "--json");
	expect(command.status, command.stderr).toBe(0);
});

test("a restart keeps the address and the data; settings may change, and a crash is one too", async () => {
	const { url } = world;
	await world.restart({ TIMEZONE: "America/Recife" });
	await world.stop("SIGKILL");
	await expect(fetch(`${url}/health`)).rejects.toThrow();
	await world.start();
	expect(world.url).toBe(url);
	expect((await world.look(number)).id).toBe(number.id);
	const settings = await world.api("get", "/api/settings");
	expect(JSON.stringify(settings)).toContain("America/Recife");
});

test("what ended badly is told", async () => {
	const broken = world.sim.meta(number, { only: "nonsense" });
	await expect(broken.finished()).rejects.toThrow(/^recado-sim meta ended with 64: .*--only LIST/);
	await expect(until("never", () => false, { seconds: 0.1 })).rejects.toThrow(
		/waited 0\.1 s in vain: never/,
	);
	const nobody = await world.request("get", "/api/me", { token: null });
	expect(nobody.status).toBe(401);
});
