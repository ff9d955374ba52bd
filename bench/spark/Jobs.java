// The jobs of ../batch.ts for Spark's Java API, on local[CORES]: each five times, one JSON line a run. Needs Spark's jars and Java 17:
//
//   javac -cp "$SPARK_HOME/jars/*" -d OUT Jobs.java
//   spark-submit --master 'local[2]' --driver-memory 4g --class Jobs OUT CORES PAIRS TEXT JOB,…

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

public class Jobs {
  private static final int ROUNDS = 5;

  public static void main(String[] args) {
    int cores = Integer.parseInt(args[0]);
    int pairs = Integer.parseInt(args[1]);
    int slices = 8 * cores;
    SparkConf conf = new SparkConf().setMaster("local[" + cores + "]").setAppName("jobs").set("spark.ui.enabled", "false").set("spark.default.parallelism", "" + slices);
    try (JavaSparkContext sc = new JavaSparkContext(conf)) {
      sc.setLogLevel("ERROR");
      for (String job : args[3].split(",")) {
        for (int round = 0; round < ROUNDS; round++) {
          long start = System.nanoTime();
          double figure = run(sc, job, args[2], pairs, slices);
          System.out.printf("{\"job\":\"%s\",\"round\":%d,\"seconds\":%.2f,\"figure\":%.0f}%n", job, round, (System.nanoTime() - start) / 1e9, figure);
        }
      }
    }
  }

  private static double run(JavaSparkContext sc, String job, String text, int pairs, int slices) {
    int half = pairs / 2;
    switch (job) {
      case "grep":
        return sc.textFile(text).filter(line -> line.contains("needle")).count();
      case "wordcount":
        return sc.textFile(text).flatMap(line -> Arrays.asList(line.split(" ")).iterator()).mapToPair(word -> new Tuple2<>(word, 1))
            .reduceByKey(Integer::sum).mapToDouble(Tuple2::_2).sum();
      case "sort":
        return range(sc, pairs, slices).mapToPair(n -> new Tuple2<>(scattered(n), n)).sortByKey().mapPartitionsToDouble(sorted -> {
          long last = -1;
          double sum = 0;
          while (sorted.hasNext()) {
            Tuple2<Long, Integer> pair = sorted.next();
            if (pair._1 < last) throw new IllegalStateException("not sorted");
            last = pair._1;
            sum += pair._2 % 1000;
          }
          return Collections.singletonList(sum).iterator();
        }).sum();
      case "join": {
        JavaPairRDD<Long, Integer> left = range(sc, half, slices).mapToPair(n -> new Tuple2<>(scattered(n), n));
        JavaPairRDD<Long, Integer> right = range(sc, half, slices).mapToPair(n -> new Tuple2<>(scattered(n + half / 4), n));
        return left.join(right).mapToDouble(pair -> (pair._2._1 + pair._2._2) % 1000).sum();
      }
      case "aggregate":
        return range(sc, pairs, slices).mapToPair(n -> new Tuple2<>(scattered(n) % 1_000_000, n % 10))
            .reduceByKey(Integer::sum).mapToDouble(pair -> (pair._1 % 7) * pair._2).sum();
      default:
        throw new IllegalArgumentException("no job " + job);
    }
  }

  private static JavaRDD<Integer> range(JavaSparkContext sc, int count, int slices) {
    List<Integer> parts = new ArrayList<>();
    for (int i = 0; i < slices; i++) parts.add(i);
    return sc.parallelize(parts, slices).flatMap(part -> IntStream.range((int) ((long) count * part / slices), (int) ((long) count * (part + 1) / slices)).iterator());
  }

  private static long scattered(int n) {
    int h = n;
    h = (h ^ (h >>> 16)) * 0x85ebca6b;
    h = (h ^ (h >>> 13)) * 0xc2b2ae35;
    return (h ^ (h >>> 16)) & 0xffffffffL;
  }
}
