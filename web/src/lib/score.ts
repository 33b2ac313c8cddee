/* Which state a score stands for; the number itself always stands beside it. */
export function scoreTone(score: number): "green" | "amber" | "red" {
	if (score >= 70) return "green";
	return score >= 40 ? "amber" : "red";
}
