# Included by RocksDB's own build (see RocksDb.cmake): takes the sources away that nothing here comes to, a sixth of them,
# and compiles the headers that all have in common once, without which it takes three times as long.
set(left_out /blob_db/ /backup/ /cassandra/ /leveldb_options/ /memory/memory_util /option_change_migration/
  /persistent_cache/ /simulator_cache/ /lock/range/ /ttl/ /cache_dump_load /fault_injection env_mirror tools/
  /io_tracer_parser /block_cache_trace_analyzer db/c.cc db/repair.cc db_impl_secondary)
function(till_reduce_rocksdb)
  get_target_property(sources rocksdb SOURCES)
  list(JOIN left_out "|" pattern)
  list(FILTER sources EXCLUDE REGEX "${pattern}")
  set_target_properties(rocksdb PROPERTIES SOURCES "${sources}")
  target_precompile_headers(rocksdb PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:${CMAKE_CURRENT_SOURCE_DIR}/db/db_impl/db_impl.h>")
endfunction()
cmake_language(DEFER CALL till_reduce_rocksdb)
