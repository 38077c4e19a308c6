-- From 1.0 to 1.1: afterwards a database has the objects that CREATE EXTENSION makes.
\echo Use "ALTER EXTENSION personalization UPDATE TO '1.1'" to load this file. \quit
