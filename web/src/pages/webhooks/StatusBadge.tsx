/* What became of an entry, by colour, mark and word. */
import type { WebhookEvent } from "../../api/types";
import { useT } from "../../i18n";
import { Badge, type Tone } from "../../ui";
import type { IconName } from "../../ui/icons";
import { texts } from "./messages";

const LOOK: Record<WebhookEvent["status"], { tone: Tone; icon?: IconName }> = {
	received: { tone: "amber" },
	applied: { tone: "green" },
	applied_with_problems: { tone: "amber", icon: "warning" },
	parked: { tone: "amber", icon: "place" },
	retrying: { tone: "blue" },
	failed: { tone: "red" },
	ignored: { tone: "grey" },
};

export function StatusBadge({ status }: { status: WebhookEvent["status"] }) {
	const t = useT(texts);
	return <Badge {...LOOK[status]}>{t(`status.${status}`)}</Badge>;
}
