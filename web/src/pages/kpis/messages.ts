/* The texts of the figures. */
import type { Messages } from "../../i18n";

export const texts = {
	title: ["Indicadores", "Figures"],
	from: ["De", "From"],
	to: ["Até", "To"],
	by: ["Agrupar por", "Group by"],
	"by.day": ["dia", "day"],
	"by.month": ["mês", "month"],
	"by.total": ["período todo", "whole period"],
	agent: ["Atendente", "Agent"],
	"agent.hint": ["nome ou e-mail", "name or e-mail"],
	tag: ["Etiqueta", "Tag"],
	csv: ["Baixar CSV", "Download CSV"],
	first: ["Primeira resposta", "First response"],
	"first.hint": [
		"Da primeira mensagem do cliente até a primeira resposta de uma pessoa, por sessão.",
		"From the customer's first message to the first answer of a person, by session.",
	],
	period: ["Período", "Period"],
	total: ["Total", "Total"],
	median: ["Mediana", "Median"],
	average: ["Média", "Average"],
	p90: ["9 de 10 em até", "9 of 10 within"],
	answered: ["Respondidas", "Answered"],
	unanswered: ["Sem resposta", "Unanswered"],
	chart: ["Mediana da primeira resposta, em minutos", "Median first response, in minutes"],
	duration: ["Duração por etiqueta", "Duration by tag"],
	"duration.hint": [
		"Sessões encerradas. Quem tem várias etiquetas conta em cada uma.",
		"Closed sessions. Who has several tags counts in each.",
	],
	sessions: ["Sessões", "Sessions"],
	slowest: ["Sessões mais longas", "Slowest sessions"],
	date: ["Data", "Date"],
	took: ["Duração", "Duration"],
	open: ["Ver conversa", "See the conversation"],
	noAgent: ["Sem atendente", "No agent"],
	empty: [
		"Nenhuma sessão começou neste período com estes filtros. Escolha um período maior.",
		"No session began in this period with these filters. Choose a longer period.",
	],
} as const satisfies Messages;
