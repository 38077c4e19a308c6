/*
 * conversations.c
 *		A page's section of conversations: those that live, and sums over all.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "conversations/statistics.h"
#include "report/page.h"
#include "report/sections.h"

#define CONVERSATIONS_SHOWN 10

/* $3 is an hour before $4, as activity_hour is an hour that has begun. */
static Statement select_live = STATEMENT(
	"SELECT c.message_count, c.created_at, c.last_activity,"
	"  (SELECT left(m.content, 300) FROM personalization.conversation_messages m"
	"   WHERE m.tenant_id = $1 AND m.conversation_id = c.conversation_id AND m.role = 'user'"
	"   ORDER BY m.number LIMIT 1)"
	" FROM personalization.conversations c"
	" WHERE c.tenant_id = $1 AND c.user_id = $2 AND c.activity_hour >= $3"
	" AND c.last_activity > $4 AND c.created_at <= $5"
	" ORDER BY c.last_activity DESC, c.conversation_id LIMIT $6",
	"text text timestamptz timestamptz timestamptz int8");

enum
{
	LIVE_MESSAGES = 1,
	LIVE_CREATED_AT,
	LIVE_LAST_ACTIVITY,
	LIVE_FIRST_MESSAGE
};

static void
put_conversation(Sheet *page, const ReportRequest *request, uint64 row)
{
	TimestampTz last = DatumGetTimestampTz(result_value(row, LIVE_LAST_ACTIVITY, NULL));
	const char *message = result_text(row, LIVE_FIRST_MESSAGE);

	put(page, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
	if (message != NULL)
		put_text(page, message, TEXT_SHOWN);
	else
		put(page, "Without a message of yours");
	put(page, "</th><td role=\"cell\" data-label=\"Messages\" class=\"n\">");
	put_int(page, DatumGetInt32(result_value(row, LIVE_MESSAGES, NULL)));
	put(page, "</td><td role=\"cell\" data-label=\"Begun\">");
	put_time(page, DatumGetTimestampTz(result_value(row, LIVE_CREATED_AT, NULL)));
	put(page, "</td><td role=\"cell\" data-label=\"Deleted\">");
	put_time(page, last + request->settings.conversation_ttl);
	put(page, "</td></tr>\n");
}

static void
put_live(Sheet *page, const ReportRequest *request)
{
	TimestampTz expired = request->at - request->settings.conversation_ttl;
	Datum values[] = {
		CStringGetTextDatum(request->tenant_id),	   CStringGetTextDatum(request->user_id),
		TimestampTzGetDatum(expired - USECS_PER_HOUR), TimestampTzGetDatum(expired),
		TimestampTzGetDatum(request->until),		   Int64GetDatum(CONVERSATIONS_SHOWN)};
	uint64 nrows = statement_execute(&select_live, values, NULL, SNAPSHOT_CALLER);

	if (nrows == 0)
	{
		put_nothing(page, "No conversation is kept at present.");
		return;
	}
	put(page, "<table class=\"cards\" role=\"table\" aria-labelledby=\"conversations\">\n<thead>"
			  "<tr role=\"row\"><th scope=\"col\" role=\"columnheader\">First message</th>"
			  "<th scope=\"col\" role=\"columnheader\" class=\"n\">Messages</th>"
			  "<th scope=\"col\" role=\"columnheader\">Begun</th>"
			  "<th scope=\"col\" role=\"columnheader\">Deleted</th></tr></thead>\n<tbody>\n");
	for (uint64 row = 0; row < nrows; row++)
		put_conversation(page, request, row);
	put(page, "</tbody>\n</table>\n");
}

static void
put_sums(Sheet *page, const ReportRequest *request)
{
	ConversationPatterns patterns;

	conversation_patterns(request->tenant_id, request->user_id, NULL, &patterns);
	if (patterns.conversations == 0)
		return;
	put(page, "<p>In all ");
	put_count(page, patterns.conversations, "conversation", "conversations");
	put(page, " with ");
	put_count(page, patterns.messages, "message", "messages");
	if (patterns.user_messages > 0)
	{
		put(page, ", of which ");
		put_int(page, patterns.user_messages);
		put(page, " yours, with ");
		put_decimal(page, patterns.mean_characters, 0);
		put(page, " characters on average");
	}
	put(page, ". You asked for brevity ");
	put_count(page, patterns.asked_brief, "time", "times");
	put(page, ", for detail ");
	put_count(page, patterns.asked_detailed, "time", "times");
	put(page, ", and technically ");
	put_count(page, patterns.asked_technical, "time", "times");
	put(page, ".</p>\n");
}

void
section_conversations(Sheet *page, const ReportRequest *request)
{
	section_begin(page, "conversations", "Conversations",
				  "They are deleted a while after their last message; only sums are kept.");
	put_live(page, request);
	put_sums(page, request);
	section_end(page);
}
