/*
 * client.c
 *		The Kafka client of this process: the interface to librdkafka, without
 *		PostgreSQL's.
 *
 *		The callbacks (error_cb, log_cb) are called by
 *		rd_kafka_consumer_poll(), so in the process's own thread, and only
 *		copy a text.
 */
#include "postgres.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "base/guc.h"
#include "core/kafka_properties.h"
#include "kafka/client.h"

/* How long the process waits for the broker's reply, in milliseconds. */
#define PARTITIONS_TIMEOUT 1000
#define OFFSETS_TIMEOUT 1000

/* How long the process waits for the client's threads to end, in milliseconds. */
#define CLOSE_TIMEOUT 2000

static rd_kafka_t *client = NULL;
static rd_kafka_queue_t *queue = NULL;
static int fds[2] = {-1, -1};

static char failure[512] = "";
static char last_error[512];

/* ---------------------------------------------------------------- opening and closing */

static void
note_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
	/* That all brokers are down is less informative than the reason of the last failure. */
	if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || failure[0] == '\0')
		strlcpy(failure, reason, sizeof(failure));
}

/* Log messages that are errors are also reported as errors. */
static void
note_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
}

static bool
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[512];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return true;

	/* librdkafka's message about a property contains its value, which may be secret. */
	snprintf(last_error, sizeof(last_error),
			 "property \"%s\" of personalization.kafka_config is unknown or has an invalid value",
			 name);
	return false;
}

static bool
set_number(rd_kafka_conf_t *conf, const char *name, int64 value)
{
	char text[32];

	snprintf(text, sizeof(text), INT64_FORMAT, value);
	return set(conf, name, text);
}

/* Defaults that an administrator may override. */
static bool
set_defaults(rd_kafka_conf_t *conf, const char *group)
{
	int64 buffer = (int64) kafka_buffer * 1024;

	/* Replies of brokers are prepended to the queue; several brokers may reply at once. */
	return set(conf, "client.id", "personalization") && set(conf, "group.id", group) &&
		   set(conf, "socket.keepalive.enable", "true") &&
		   set(conf, "reconnect.backoff.max.ms", "3000") &&
		   set_number(conf, "fetch.max.bytes", Min(buffer / 4, 50 * 1024 * 1024)) &&
		   set_number(conf, "fetch.message.max.bytes", Min(buffer / 16, 1024 * 1024));
}

static bool
set_from_setting(rd_kafka_conf_t *conf)
{
	KafkaProperty *property = malloc(sizeof(KafkaProperty));
	const char *text = kafka_config;
	const char *fault = NULL;
	bool done = property != NULL;

	while (done && text != NULL && kafka_property_next(&text, property, &fault))
		done = set(conf, property->name, property->value);
	free(property);
	return done;
}

/*
 * Properties that must not be changed, so that nothing is lost or learned
 * twice, and memory is limited.
 */
static bool
set_ours(rd_kafka_conf_t *conf)
{
	return set(conf, "bootstrap.servers", kafka_brokers) &&
		   set(conf, "enable.auto.commit", "false") &&
		   set(conf, "enable.auto.offset.store", "false") &&
		   set(conf, "auto.offset.reset", "error") && set(conf, "enable.partition.eof", "true") &&
		   set(conf, "log.queue", "true") &&
		   set_number(conf, "queued.max.messages.kbytes", kafka_buffer);
}

static bool
open_fds(void)
{
	if (pipe(fds) != 0)
	{
		fds[0] = fds[1] = -1;
		strlcpy(last_error, "could not create a pipe", sizeof(last_error));
		return false;
	}
	for (int i = 0; i < 2; i++)
	{
		(void) fcntl(fds[i], F_SETFL, O_NONBLOCK);
		(void) fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	}
	return true;
}

static void
close_fds(void)
{
	for (int i = 0; i < 2; i++)
	{
		if (fds[i] >= 0)
			(void) close(fds[i]);
		fds[i] = -1;
	}
}

/*
 * A thread inherits the signal mask of its creator: only the process's own
 * thread handles signals.
 */
static rd_kafka_t *
make_client(rd_kafka_conf_t *conf)
{
	sigset_t all;
	sigset_t before;
	rd_kafka_t *made;

	sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	made = rd_kafka_new(RD_KAFKA_CONSUMER, conf, last_error, sizeof(last_error));
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	return made;
}

bool
client_open(const char *group, const char **error)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	*error = last_error;
	rd_kafka_conf_set_error_cb(conf, note_error);
	rd_kafka_conf_set_log_cb(conf, note_log);
	if (set_defaults(conf, group) && set_from_setting(conf) && set_ours(conf) && open_fds())
		client = make_client(conf);
	if (client == NULL)
	{
		rd_kafka_conf_destroy(conf);
		close_fds();
		return false;
	}
	(void) rd_kafka_set_log_queue(client, NULL);
	(void) rd_kafka_poll_set_consumer(client);
	queue = rd_kafka_queue_get_consumer(client);
	rd_kafka_queue_io_event_enable(queue, fds[1], "", 1);
	failure[0] = '\0';
	return true;
}

bool
client_is_open(void)
{
	return client != NULL;
}

/* Set by the thread that waits for the client's threads. */
static volatile sig_atomic_t closed;

static void *
destroy(void *arg)
{
	rd_kafka_destroy_flags(arg, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	closed = 1;
	return NULL;
}

/*
 * A thread that resolves a host's address cannot be interrupted, and may wait
 * long for a name server; a shutdown does not wait for it.
 */
bool
client_close(void)
{
	sigset_t all;
	sigset_t before;
	pthread_t thread;
	bool made;

	if (client == NULL)
		return true;
	rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
	rd_kafka_queue_destroy(queue);
	closed = 0;
	sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	made = pthread_create(&thread, NULL, destroy, client) == 0;
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (made)
		(void) pthread_detach(thread);
	for (int waited = 0; made && !closed && waited < CLOSE_TIMEOUT; waited++)
		pg_usleep(1000);
	client = NULL;
	queue = NULL;
	close_fds();
	return closed;
}

/* ---------------------------------------------------------------- the queue */

pgsocket
client_fd(void)
{
	return fds[0];
}

void
client_empty_fd(void)
{
	char bytes[64];

	while (read(fds[0], bytes, sizeof(bytes)) == (ssize_t) sizeof(bytes))
		;
}

static bool
find_header(const Message *message, const char *name, const char **value, size_t *len)
{
	rd_kafka_headers_t *headers;
	const void *bytes;

	if (rd_kafka_message_headers(message->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
		rd_kafka_header_get_last(headers, name, &bytes, len) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	*value = bytes;
	return true;
}

static void
read_message(const rd_kafka_message_t *message, ClientItem *item)
{
	rd_kafka_timestamp_type_t type;
	int64 millis = rd_kafka_message_timestamp(message, &type);

	item->kind = CLIENT_MESSAGE;
	item->message.millis = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : Max(millis, 0);
	item->message.value = message->payload;
	item->message.value_len = message->len;
	item->message.key = message->key;
	item->message.key_len = message->key_len;
	item->message.header = find_header;
	item->message.handle = item->handle;
}

bool
client_next(ClientItem *item)
{
	rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 0);

	memset(item, 0, sizeof(*item));
	if (message == NULL)
		return false;
	item->handle = message;
	item->topic = message->rkt != NULL ? rd_kafka_topic_name(message->rkt) : NULL;
	item->partition = message->partition;
	item->offset = message->offset;
	switch (message->err)
	{
		case RD_KAFKA_RESP_ERR_NO_ERROR:
			read_message(message, item);
			break;
		case RD_KAFKA_RESP_ERR__PARTITION_EOF:
			item->kind = CLIENT_END;
			break;
		case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
			item->kind = CLIENT_GAP;
			break;
		default:
			item->kind = CLIENT_ERROR;
			item->error = rd_kafka_message_errstr(message);
			if (item->error == NULL)
				item->error = rd_kafka_err2str(message->err);
			break;
	}
	return true;
}

void
client_release(ClientItem *item)
{
	if (item->handle != NULL)
		rd_kafka_message_destroy(item->handle);
	item->handle = NULL;
}

/* ---------------------------------------------------------------- asking the brokers */

int
client_partitions(const char *topic, const char **error)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code;
	int n = -1;

	*error = last_error;
	if (handle == NULL)
	{
		strlcpy(last_error, rd_kafka_err2str(rd_kafka_last_error()), sizeof(last_error));
		return -1;
	}
	code = rd_kafka_metadata(client, 0, handle, &metadata, PARTITIONS_TIMEOUT);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
			n = metadata->topics[0].partition_cnt;
		else
			code = metadata->topic_cnt == 1 ? metadata->topics[0].err
											: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
		rd_kafka_metadata_destroy(metadata);
	}
	rd_kafka_topic_destroy(handle);
	if (n <= 0)
		strlcpy(last_error,
				code == RD_KAFKA_RESP_ERR_NO_ERROR ? "topic has no partitions"
												   : rd_kafka_err2str(code),
				sizeof(last_error));
	return n > 0 ? n : -1;
}

static rd_kafka_topic_partition_list_t *
list_of(const char *topic, const ClientOffset *offsets, int n)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, offsets[i].partition)->offset =
			offsets[i].offset;
	return list;
}

bool
client_find_offsets(const char *topic, ClientOffset *offsets, int n, const char **error)
{
	rd_kafka_topic_partition_list_t *list = list_of(topic, offsets, n);
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client, list, OFFSETS_TIMEOUT);

	*error = rd_kafka_err2str(code);
	for (int i = 0; i < n; i++)
	{
		offsets[i].error = list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR
							   ? NULL
							   : rd_kafka_err2str(list->elems[i].err);
		offsets[i].offset = list->elems[i].offset;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool
client_assign(const char *topic, const ClientOffset *offsets, int n, const char **error)
{
	rd_kafka_topic_partition_list_t *list = list_of(topic, offsets, n);
	rd_kafka_error_t *fault = rd_kafka_incremental_assign(client, list);

	rd_kafka_topic_partition_list_destroy(list);
	if (fault == NULL)
		return true;
	strlcpy(last_error, rd_kafka_error_string(fault), sizeof(last_error));
	rd_kafka_error_destroy(fault);
	*error = last_error;
	return false;
}

void
client_unassign(const char *topic, int32 partition)
{
	ClientOffset offset = {partition, RD_KAFKA_OFFSET_INVALID, NULL};
	rd_kafka_topic_partition_list_t *list = list_of(topic, &offset, 1);
	rd_kafka_error_t *fault = rd_kafka_incremental_unassign(client, list);

	rd_kafka_topic_partition_list_destroy(list);
	if (fault != NULL)
		rd_kafka_error_destroy(fault);
}

int64
client_end_offset(const char *topic, int32 partition)
{
	int64_t low;
	int64_t high;

	if (rd_kafka_get_watermark_offsets(client, topic, partition, &low, &high) !=
		RD_KAFKA_RESP_ERR_NO_ERROR)
		return -1;
	return high;
}

void
client_tell(const char *topic, const ClientOffset *offsets, int n)
{
	rd_kafka_topic_partition_list_t *list = list_of(topic, offsets, n);

	(void) rd_kafka_commit(client, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}

const char *
client_failure(void)
{
	return failure[0] == '\0' ? NULL : failure;
}

void
client_forget_failure(void)
{
	failure[0] = '\0';
}
