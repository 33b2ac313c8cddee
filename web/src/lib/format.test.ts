import { describe, expect, it } from "vitest";
import { dayName, duration, listTime, number, phone, relativeTime, usd } from "./format";

const now = new Date(2026, 0, 20, 15, 0, 0);
const at = (days: number, hours = 0) => new Date(2026, 0, 20 - days, 15 - hours, 0, 0);
const plain = (s: string) => s.replace(/[\u00a0\u202f]/g, " ");

describe("times", () => {
	it("says the hour today, yesterday by name, a week day, then a date", () => {
		expect(listTime("pt-BR", at(0, 1), now)).toBe("14:00");
		expect(listTime("pt-BR", at(1), now)).toBe("ontem");
		expect(listTime("en", at(1), now)).toBe("yesterday");
		expect(listTime("pt-BR", at(3), now)).toMatch(/^sáb/);
		expect(listTime("pt-BR", at(15), now)).toMatch(/5 de jan/);
		expect(listTime("pt-BR", at(400), now)).toMatch(/2024$/);
	});
	it("goes by the calendar, not by 24 hours", () => {
		expect(dayName("pt-BR", new Date(2026, 0, 19, 23, 59), new Date(2026, 0, 20, 0, 1))).toBe("ontem");
		expect(dayName("pt-BR", new Date(2026, 0, 20, 0, 0), new Date(2026, 0, 20, 23, 59))).toBe("hoje");
	});
	it("tells how long ago in one unit, and never rounds up to zero minutes", () => {
		expect(relativeTime("pt-BR", new Date(now.getTime() - 50_000), now)).toBe("há 1 minuto");
		expect(relativeTime("pt-BR", new Date(now.getTime() + 7_200_000), now)).toBe("em 2 horas");
		expect(relativeTime("en", now, now)).toBe("now");
	});
	it("writes stretches in at most two units", () => {
		expect(duration(41)).toBe("41 s");
		expect(duration(90)).toBe("1 min 30 s");
		expect(duration(720)).toBe("12 min");
		expect(duration(3900)).toBe("1 h 05");
		expect(duration(183_600)).toBe("2 d 3 h");
	});
});

describe("numbers", () => {
	it("groups the way the language does", () => {
		expect(number("pt-BR", 4211)).toBe("4.211");
		expect(number("en", 4211)).toBe("4,211");
		expect(number("en", null)).toBe("–");
	});
	it("shows small sums with the digits that matter", () => {
		expect(plain(usd("pt-BR", 0.001947))).toBe("US$ 0,0019");
		expect(plain(usd("en", 12.5))).toBe("$12.50");
	});
	it("groups Brazilian numbers of both lengths and guesses nothing of others", () => {
		expect(phone("+5511999990000")).toBe("+55 11 99999-0000");
		expect(phone("551130000001")).toBe("+55 11 3000-0001");
		expect(phone("+34910000001")).toBe("+34910000001");
		expect(phone(null)).toBe("–");
	});
});
