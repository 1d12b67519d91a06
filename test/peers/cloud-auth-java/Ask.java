import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.HttpResponseException;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.auth.http.HttpCredentialsAdapter;
import com.google.auth.oauth2.GoogleCredentials;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

/**
 * Asks Google Cloud and Azure by their own libraries, which find all that they need in the environment as a pod has it. What
 * each of them got, or why it got nothing, is a line: the cloud's name first.
 */
class Ask {
    private static String secret() throws Exception {
        GoogleCredentials credentials = GoogleCredentials.getApplicationDefault()
            .createScoped("https://www.googleapis.com/auth/cloud-platform");
        try {
            String body = new NetHttpTransport()
                .createRequestFactory(new HttpCredentialsAdapter(credentials))
                .buildGetRequest(new GenericUrl(System.getenv("SECRET_URL")))
                .execute()
                .parseAsString();
            var data = Pattern.compile("\"data\": *\"([^\"]*)\"").matcher(body);
            return data.find() ? data.group(1) : body;
        } catch (HttpResponseException error) {
            return error.getStatusCode() + ": " + error.getContent();
        }
    }

    private static String token() {
        var context = new TokenRequestContext().addScopes("https://vault.azure.net/.default");
        String token = new WorkloadIdentityCredentialBuilder().build().getTokenSync(context).getToken();
        return "a token of " + token.split("\\.").length + " parts";
    }

    private static void say(String name, Callable<String> way) {
        String said;
        try {
            said = way.call();
        } catch (Exception error) {
            StringBuilder text = new StringBuilder();
            for (Throwable cause = error; cause != null; cause = cause.getCause()) text.append(cause).append(' ');
            said = text.toString();
        }
        System.out.println(name + " " + said.replaceAll("\\s+", " "));
    }

    public static void main(String[] none) {
        say("google", Ask::secret);
        say("azure", Ask::token);
        System.exit(0);
    }
}
