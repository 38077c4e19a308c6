/*
 * mock_kafka.c
 *		librdkafka's mock cluster as a program: prints its address, then obeys
 *		the lines on its standard input until that ends.
 *
 *		topic NAME PARTITIONS	makes a topic
 *		down, up				closes the broker's connections, and lets them in again
 *
 * With arguments BROKERS NAME PARTITIONS it makes a topic of a real cluster instead, or
 * gives one that is there so many partitions, and ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

static rd_kafka_t *
make(const char *brokers)
{
	char error[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *made;

	if (brokers != NULL && rd_kafka_conf_set(conf, "bootstrap.servers", brokers, error,
											 sizeof(error)) != RD_KAFKA_CONF_OK)
		exit(1);
	(void) rd_kafka_conf_set(conf, "log_level", "2", error, sizeof(error));
	made = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (made == NULL)
	{
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	return made;
}

static int
make_topic(const char *brokers, const char *name, int partitions)
{
	char error[512];
	rd_kafka_t *client = make(brokers);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, 1, error, sizeof(error));
	rd_kafka_NewPartitions_t *more =
		rd_kafka_NewPartitions_new(name, (size_t) partitions, error, sizeof(error));
	rd_kafka_event_t *event;
	const rd_kafka_topic_result_t **results;
	size_t n;
	rd_kafka_resp_err_t code;

	rd_kafka_CreateTopics(client, &topic, 1, NULL, queue);
	event = rd_kafka_queue_poll(queue, 30000);
	results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
	code = rd_kafka_topic_result_error(results[0]);
	if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
	{
		rd_kafka_CreatePartitions(client, &more, 1, NULL, queue);
		event = rd_kafka_queue_poll(queue, 30000);
		results = rd_kafka_CreatePartitions_result_topics(
			rd_kafka_event_CreatePartitions_result(event), &n);
		code = rd_kafka_topic_result_error(results[0]);
	}
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		fprintf(stderr, "%s\n", rd_kafka_err2str(code));
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 1;
}

int
main(int argc, char **argv)
{
	rd_kafka_mock_cluster_t *cluster;
	char line[512];

	if (argc == 4)
		return make_topic(argv[1], argv[2], atoi(argv[3]));
	cluster = rd_kafka_mock_cluster_new(make(NULL), 1);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		char name[256];
		int partitions;

		if (sscanf(line, "topic %255s %d", name, &partitions) == 2)
			(void) rd_kafka_mock_topic_create(cluster, name, partitions, 1);
		else if (strcmp(line, "down\n") == 0)
			(void) rd_kafka_mock_broker_set_down(cluster, -1);
		else if (strcmp(line, "up\n") == 0)
			(void) rd_kafka_mock_broker_set_up(cluster, -1);
		printf("ok\n");
		fflush(stdout);
	}
	return 0;
}
