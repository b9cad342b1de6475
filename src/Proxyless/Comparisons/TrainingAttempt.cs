using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Runs;

namespace Proxyless.Comparisons;

/// <summary>
/// The folder in which the holder of a claim trains, within the folder of the training. Each claim has one of its own:
/// a process that stood still, and was overtaken meanwhile, may still write, but never over its successor's files.
/// </summary>
internal static class TrainingAttempt
{
    private const string Prefix = "attempt-";

    /// <summary>Takes over what earlier claims have left: the training continues from there.</summary>
    /// <param name="training">The folder of the training.</param>
    /// <param name="number">The number of the claim.</param>
    /// <param name="takesOver">Whether files in the folder of the training itself are moved, too.</param>
    /// <returns>The folder; it has a result if an earlier claim had ended the training.</returns>
    public static RunDirectory Begin(string training, int number, bool takesOver = true)
    {
        string own = PathOf(training, number);
        int last = Numbers(training).Where(earlier => earlier < number).DefaultIfEmpty(0).Max();
        if (last > 0)
        {
            // One that stands there is of an earlier claim of this number, whose file is gone.
            FolderRemoval.IfThere(own);
            Directory.Move(PathOf(training, last), own);
        }

        Directory.CreateDirectory(own);
        var directory = new RunDirectory(own);
        if (takesOver && !File.Exists(directory.Result))
        {
            // Versions that could not take over a training wrote into its folder. A result stays: it is the end.
            MoveAll(training, own, Path.GetFileName(directory.Result));
            RunLock.RemoveLeftovers(own);
        }

        return directory;
    }

    /// <summary>
    /// Moves the files to the folder of the training, the result last: if the process is killed meanwhile, the next
    /// claim ends this.
    /// </summary>
    /// <param name="attempt">A folder with a result.</param>
    /// <param name="training">The folder of the training.</param>
    public static void Publish(RunDirectory attempt, string training)
    {
        MoveAll(attempt.Root, training, Path.GetFileName(attempt.Result));
        File.Move(attempt.Result, Path.Combine(training, Path.GetFileName(attempt.Result)), overwrite: true);
        foreach (int number in Numbers(training))
        {
            Remove(training, number);
        }
    }

    /// <summary>
    /// Removes what a process that was overtaken wrote when it went on; what it is just writing it removes itself when
    /// it sees that it was overtaken.
    /// </summary>
    public static void Remove(string training, int number) => FolderRemoval.Try(PathOf(training, number));

    /// <summary>Moves all but the files of claims, and other attempts.</summary>
    private static void MoveAll(string from, string to, string? except = null)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(from).ToArray())
        {
            string name = Path.GetFileName(entry);
            if (name == except || name.StartsWith(Prefix, StringComparison.Ordinal) || WorkClaim.IsOwn(entry))
            {
                continue;
            }

            string target = Path.Combine(to, name);
            if (!Directory.Exists(entry))
            {
                // Not found if another process has taken over: then it is the one to move it.
                File.Move(entry, target, overwrite: true);
                continue;
            }

            FolderRemoval.IfThere(target);
            Directory.Move(entry, target);
        }
    }

    private static int[] Numbers(string training) =>
        NumberedNames.In(Directory.EnumerateDirectories(training, $"{Prefix}*"), Prefix, "");

    private static string PathOf(string training, int number) => Path.Combine(training, Invariant($"{Prefix}{number}"));
}
